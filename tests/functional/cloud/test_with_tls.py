"""TLS: who takes a neighbour's port learns nothing, and a cloud moves without a lost request.

The last module of this cloud, by its name: it leaves Keystone behind with TLS.
"""

import http.client
import socket
import ssl

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.cloud import GLANCE, KEYSTONE, Cloud
from tests.functional.support.database import act
from tests.functional.support.squatter import Listener, sharing, squatting
from tests.functional.support.watching import asking, get, untouched

#: The two steps of a move: a new port with TLS beside the old one, which is still the one that
#: the catalog names; then the new one in the catalog.
OPEN = """\
[api]
tls = true
[keystone]
port = 5443
plain_port = 5000
"""
NAMED = """\
public_url = http://{0}:5000
internal_url = http://{0}:5000
"""


def trusting(cloud: Cloud, container: str) -> ssl.SSLContext:
    """A client that trusts the authority of one container only."""
    return ssl.create_default_context(cafile=cloud.certificates / container / "authority.crt")


def presenting(cloud: Cloud, container: str) -> ssl.SSLContext:
    """A server with the certificate and the key that a container has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = cloud.certificates / container / cloud.deployment.name
    context.load_cert_chain(own.with_suffix(".crt"), own.with_suffix(".key"))
    return context


def certificate(cloud: Cloud, port: int, container: str) -> dict:
    """What a server shows to a client that verifies it."""
    address = cloud.deployment.address
    with (
        socket.create_connection((address, port), timeout=10) as connection,
        trusting(cloud, container).wrap_socket(connection, server_hostname=address) as secure,
    ):
        return secure.getpeercert()


# A container that takes the port of the database

@pytest.fixture
def without_database(cloud):
    cloud.deployment.kolla("container", "stop", "mariadb")
    yield cloud
    cloud.deployment.kolla("container", "start", "mariadb")
    assert cloud.use()


def clients(cloud: Cloud) -> list[int]:
    """Everything in Keystone's container that logs in to the database; how it ends."""
    variables = {
        "KOLLA_DATABASE_ADDRESS": cloud.deployment.address, "KOLLA_DATABASE_PORT": "3306",
        "KOLLA_DATABASE_ROOT_PASSWORD": cloud.secrets()["database.root_password"],
        **{f"KOLLA_DATABASE_{part}": "x" for part in ("NAME", "USER", "PASSWORD")},
        "MYSQL_PWD": cloud.secrets()["keystone.database_password"],
    }
    dump = (
        "mariadb-dump", f"--host={cloud.deployment.address}", "--user=keystone",
        "--ssl-ca=/etc/kolla/tls/database.crt", "--ssl-verify-server-cert", "keystone",
    )
    with cloud.deployment.engine.client() as client:
        keystone = client.containers.get(*cloud.running("keystone"))
        return [
            keystone.exec_run(list(command), environment=variables).exit_code
            for command in (("kolla-database",), ("kolla-schema", "status"), dump)
        ]


@pytest.mark.parametrize("shown", ["nothing", "its own certificate"])
def test_a_container_on_the_port_of_the_database_gets_no_password(without_database, shown):
    cloud = without_database
    context = presenting(cloud, "glance-api") if shown != "nothing" else None
    with squatting(cloud.deployment.address, 3306, context) as squatter:
        assert all(clients(cloud))
    assert squatter.clients >= 3
    heard = b"".join(squatter.heard)
    assert not any(secret.encode() in heard for secret in cloud.secrets().values()), heard


def test_the_database_refuses_clients_without_tls(cloud):
    with cloud.deployment.engine.client() as client:
        done = client.containers.get(*cloud.running("keystone")).exec_run([
            "/opt/kolla/bin/python", "-c", "import os, pymysql; pymysql.connect("
            f"host='{cloud.deployment.address}', user='keystone', password=os.environ['P'],"
            "ssl_disabled=True)",
        ], environment={"P": cloud.secrets()["keystone.database_password"]})
    assert done.exit_code and b"require_secure_transport" in done.output


# The move of the database, and of the broker

FORMER = f"{NETWORK}.206"
#: Where they were, and how that address is kept during the move.
MOVES = [
    pytest.param(
        f"[database]\naddress = {FORMER}\n", f"[database]\nformer_address = {FORMER}\n",
        id="the database",
    ),
    pytest.param(*(
        f"[database]\n{option} = {FORMER}\n[messaging]\n{option} = {FORMER}\n"
        for option in ("address", "former_address")
    ), marks=pytest.mark.exhaustive, id="and the broker"),
]


@pytest.mark.exhaustive
@pytest.mark.parametrize("before, meanwhile", MOVES)
def test_a_deployment_moves_its_database_to_tls_and_another_address_without_a_lost_request(
    cloud, before, meanwhile
):
    deployment = cloud.deployment
    place = deployment.configure(before, "84-address")
    path = deployment.configure("[database]\ntls = false\nrequire_tls = false\n", "85-move")
    deployment.kolla("config", "certificates")
    deployment.kolla("set", "upgrade", "all")
    number = cloud.current("mariadb")["generation"]

    def images() -> list[str]:
        with cloud.connect() as connection:
            return [image.name for image in connection.image.images()]

    with cloud.at_work(), asking(images) as others:
        deployment.configure(meanwhile, "84-address")
        deployment.configure("[database]\nrequire_tls = false\n", "85-move")
        deployment.kolla("config", "certificates")
        deployment.kolla("set", "upgrade", "all")
        path.unlink()
        place.unlink()
        deployment.kolla("set", "upgrade", "all")
        assert act(deployment, "restart", "mariadb")["outcome"] == "done"
    assert others.failures == []
    assert cloud.current("mariadb")["generation"] == number + 2
    assert not any(clients(cloud)[1:])


# The move of the APIs, and new certificates

@pytest.fixture(scope="module")
def moved(cloud):
    """Keystone after a move to TLS while users were at work; clients without it are served."""
    old = NAMED.format(cloud.deployment.address)
    with cloud.at_work():
        for text in (OPEN + old, OPEN):
            cloud.deployment.configure(text, "85-move")
            cloud.deployment.kolla("container", "upgrade", "keystone")
    cloud.deployment.kolla("container", "upgrade", "glance-api")
    return cloud


def test_after_the_move_users_find_tls_in_the_catalog_and_need_not_have_it(moved):
    assert get(moved.deployment.address, KEYSTONE, "/v3")
    endpoints = moved.openstack("endpoint", "list", "--service", "keystone")
    assert {row["URL"] for row in endpoints} == {f"https://{moved.deployment.address}:5443/v3"}
    name = certificate(moved, 5443, "keystone")["subject"][0][0][1]
    assert name == f"keystone.{moved.deployment.name}"
    connection = http.client.HTTPSConnection(
        moved.deployment.address, 5443, context=trusting(moved, "keystone"), timeout=20
    )
    connection.request("GET", "/v3")
    assert b'"https://' in connection.getresponse().read()
    connection.close()


def test_a_client_of_glance_does_not_take_keystone_for_it(moved):
    with pytest.raises(ssl.SSLCertVerificationError):
        certificate(moved, 5443, "glance-api")


def test_a_new_certificate_is_a_handover_without_a_lost_request(moved):
    before = certificate(moved, 5443, "keystone")["serialNumber"]
    moved.deployment.kolla("config", "certificates", "--renew")
    plan = moved.deployment.kolla("plan", "keystone").stdout
    assert "keystone.certificate changed" in plan and "keystone.key changed" in plan
    with moved.at_work():
        assert act(moved.deployment, "upgrade", "keystone")["outcome"] == "done"
    assert certificate(moved, 5443, "keystone")["serialNumber"] != before


# A stranger on the port of Keystone

#: The user of a stranger's process; Keystone's user would be let in.
NOBODY = 65534


@pytest.fixture
def without_keystone(moved):
    moved.deployment.kolla("container", "stop", "keystone")
    yield moved
    moved.deployment.kolla("container", "start", "keystone")
    assert moved.use()


@pytest.mark.parametrize("address", ["its own", "any"])
def test_no_stranger_shares_the_port_of_keystone(moved, address):
    place = moved.deployment.address if address == "its own" else "0.0.0.0"
    with sharing(place, 5443, NOBODY) as (_, refusal):
        assert "already in use" in refusal


def test_keystone_does_not_start_while_a_stranger_has_its_port_who_is_named(without_keystone):
    deployment = without_keystone.deployment
    with sharing(deployment.address, 5443, NOBODY) as (stranger, refusal):
        assert not refusal
        with untouched(deployment):
            done = deployment.kolla("container", "start", "keystone", expect=1)
            everything = deployment.kolla("set", "start", expect=1)
    for said in (done.stderr, everything.stderr):
        assert f"keystone: {deployment.address} port 5443 is in use by" in said
        assert f"({stranger})" in said


def ask_glance(cloud: Cloud) -> int:
    """The status of an answer for which Glance has to ask Keystone, with its own password."""
    connection = http.client.HTTPSConnection(
        cloud.deployment.address, GLANCE, context=trusting(cloud, "glance-api"), timeout=60
    )
    connection.request("GET", "/v2/images", headers={"X-Auth-Token": "of a member"})
    return connection.getresponse().status


def register_glance(cloud: Cloud) -> int:
    """How it ends that Glance's bootstrap task logs in with the administrator's password."""
    variables = {
        "KOLLA_IDENTITY_URL": f"https://{cloud.deployment.address}:5443/v3",
        "KOLLA_IDENTITY_USER": "admin", "KOLLA_IDENTITY_PROJECT": "admin",
        "KOLLA_IDENTITY_PASSWORD": cloud.secrets()["identity.admin_password"],
    }
    with cloud.deployment.engine.client() as client:
        glance = client.containers.get(*cloud.running("glance-api"))
        return glance.exec_run(["kolla-identity"], environment=variables).exit_code


@pytest.mark.parametrize("shown", ["nothing", "its own certificate"])
def test_a_stranger_on_the_port_of_keystone_gets_no_password(without_keystone, shown):
    cloud = without_keystone
    context = presenting(cloud, "glance-api") if shown != "nothing" else None
    with squatting(cloud.deployment.address, 5443, context, Listener) as squatter:
        assert ask_glance(cloud) >= 500 and register_glance(cloud)
    assert squatter.clients >= 2
    heard = b"".join(squatter.heard)
    assert not any(secret.encode() in heard for secret in cloud.secrets().values()), heard
    assert b"Password" not in heard and b"password" not in heard


def test_no_key_is_in_a_label_or_in_the_state(moved):
    for container in ("keystone", "mariadb"):
        with moved.deployment.engine.client() as client:
            facts = client.containers.get(*moved.running(container)).attrs
        assert "PRIVATE KEY" not in str(facts)
    for path in moved.deployment.state_dir.glob("kolla.sqlite*"):
        assert b"PRIVATE KEY" not in path.read_bytes()
