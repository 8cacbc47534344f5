"""What plugins of OpenStack services share."""

from types import SimpleNamespace

import pytest

from kolla.catalog.catalog import Catalog
from kolla.plans.rendering import build
from kolla.plugin.reports import ImageFacts
from kolla.settings import Settings, certificates, passwords
from kolla.settings.limits import limits_of
from kolla_plugins.glance import GLANCE_API
from kolla_plugins.openstack import (
    database_environment, database_task, optional_authority, service_environment,
    worker_environment,
)


def test_a_service_has_one_database_unless_it_says_otherwise():
    told = service_environment("glance")
    assert told["OS_DATABASE__CONNECTION"].startswith(
        "mysql+pymysql://${url:glance.database_user}:${url:glance.database_password}@"
    )
    assert "/${glance.database_name}" in told["OS_DATABASE__CONNECTION"]
    assert "KOLLA_SCHEMA_DATABASES" not in told


def test_whichever_container_is_deleted_last_reaches_keystone_and_the_database_with_tls():
    for container in Catalog.load().containers.values():
        told = [task.environment for task in container.teardown]
        paths = {file.path for file in container.files}
        if any("KOLLA_SERVICE_USER" in environment for environment in told):
            assert "/etc/kolla/tls/keystone.crt" in paths, container.name
        if any("KOLLA_DATABASE_ADDRESS" in environment for environment in told):
            assert "/etc/kolla/tls/database.crt" in paths, container.name


def test_the_first_of_several_databases_is_named_first_as_it_holds_the_ledger():
    told = database_environment("nova", {
        "OS_API_DATABASE__CONNECTION": "api_database_name",
        "OS_DATABASE__CONNECTION": "database_name",
    })
    assert told["KOLLA_SCHEMA_DATABASES"] == "OS_API_DATABASE__CONNECTION OS_DATABASE__CONNECTION"
    assert "/${nova.api_database_name}" in told["OS_API_DATABASE__CONNECTION"]
    task = database_task("nova", "api_database_name", "api-database")
    assert task.environment["KOLLA_DATABASE_NAME"] == "${nova.api_database_name}"


def test_a_service_that_must_not_see_a_database_is_told_of_none():
    assert not [name for name in service_environment("nova", {}) if "DATABASE" in name]


def test_a_worker_finds_the_broker_and_is_asked_over_it():
    told = worker_environment("conductor")
    assert told["OS_DEFAULT__TRANSPORT_URL"] == "rabbit://${messaging.urls}//"
    assert told["OS_OSLO_MESSAGING_RABBIT__AMQP_DURABLE_QUEUES"] == "${messaging.durable_queues}"
    assert told["KOLLA_RPC_QUEUE"] == f"conductor.{told['OS_DEFAULT__HOST']}"
    assert told["OS_DEFAULT__RPC_PING_ENABLED"] == "true"


@pytest.mark.parametrize("hosts, content", [
    ([], ""), ([False], ""), ([False, True], "${file:cinder.authority}"),
], ids=["absent", "without TLS", "with TLS"])
def test_an_authority_is_asked_for_only_where_somebody_has_it(hosts, content):
    file = optional_authority("cinder", "cinder-api")
    found = {"cinder-api": [SimpleNamespace(value=lambda *_, tls=tls: tls) for tls in hosts]}
    assert file.path == "/etc/kolla/tls/cinder.crt"
    assert file.content(SimpleNamespace(hosts=found.get)) == content


@pytest.fixture
def cloud(tmp_path):
    """The settings of what is installed, with this in kolla.conf."""
    def settings(text: str, host: str = "ctl1", hosts: tuple[str, ...] = ()) -> Settings:
        (tmp_path / "kolla.conf").write_text(text)
        (tmp_path / "hosts").mkdir(exist_ok=True)
        for name in hosts:
            (tmp_path / "hosts" / f"{name}.conf").write_text("")
        return Settings.load(Catalog.load(), tmp_path, host)

    return settings


@pytest.mark.parametrize("notifications, references", [("false", False), ("true", True)])
def test_glance_needs_a_broker_only_if_it_tells_there_of_what_it_does(
    cloud, notifications, references
):
    settings = cloud(f"[messaging]\nnotifications = {notifications}\n")
    url = settings.render(GLANCE_API.environment["OS_DEFAULT__TRANSPORT_URL"])
    assert ("${messaging.urls}" in url) == references and url.startswith("rabbit://")


VIRTUAL = "public_address = cloud.example.org\ninternal_address = 192.0.2.9\n"


@pytest.mark.parametrize("text, public, internal", [
    ("", "http://127.0.0.1", "http://127.0.0.1"),
    ("[keystone]\naddress = 127.0.0.5\n[glance]\naddress = 127.0.0.5\n",
     "http://127.0.0.5", "http://127.0.0.5"),
    ("[api]\ntls = true\n", "https://127.0.0.1", "https://127.0.0.1"),
    ("[api]\n" + VIRTUAL, "http://cloud.example.org", "http://192.0.2.9"),
    ("[api]\npublic_tls = true\n" + VIRTUAL, "https://cloud.example.org", "http://192.0.2.9"),
])
def test_the_urls_of_all_services_come_from_one_group(cloud, text, public, internal):
    settings = cloud(text)
    for service, port in (("keystone", 5000), ("glance", 9292)):
        assert settings.value(service, "public_url") == f"{public}:{port}"
        assert settings.value(service, "internal_url") == f"{internal}:{port}"
    if "address = 127.0.0.5" not in text:
        assert settings.value("console", "public_url") == f"{public}:6080"
    told = settings.environment(settings.catalog.containers["glance-api"])
    assert told["OS_KEYSTONE_AUTHTOKEN__AUTH_URL"] == f"{internal}:5000/v3"
    assert told["OS_KEYSTONE_AUTHTOKEN__WWW_AUTHENTICATE_URI"] == f"{public}:5000/v3"


@pytest.mark.parametrize("name", ["keystone", "glance-api", "horizon", "nova-novncproxy"])
def test_the_hosts_of_the_cloud_have_no_limits_and_the_one_with_the_virtual_address_neither(
    cloud, name
):
    """It reaches that address from that address."""
    settings = cloud("[api]\nvirtual_address = 192.0.2.10\ntrusted = 192.0.2.12\n")
    trusted = settings.environment(settings.catalog.containers[name])["KOLLA_TRUSTED"]
    assert trusted.split(",") == ["127.0.0.1", "192.0.2.10", "192.0.2.12"]


def test_an_api_has_a_port_to_be_told_its_client_once_an_operator_wants_it(cloud):
    text = "[host]\nenabled = all, haproxy\n[api]\ntls = true\nvirtual_address = 127.0.0.9\n"
    before, after = cloud(text), cloud(
        f"{text}proxy_protocol = true\ntrusted = 127.0.0.1\n[haproxy]\nproxy_protocol = true\n")
    keystone = before.catalog.containers["keystone"]
    assert [listen.port for listen in before.listens(keystone)] == ["5000"]
    assert before.environment(keystone)["KOLLA_PROXIED_PORT"] == ""
    assert [listen.port for listen in after.listens(keystone)] == ["5000", "25000"]
    assert after.environment(keystone)["KOLLA_PROXIED_PORT"] == "25000"
    haproxy = after.catalog.containers["haproxy"]
    services, told = (file.content(after.cloud) for file in haproxy.files)
    assert "127.0.0.1:25000 send-proxy-v2 check port 5000\n" in services
    assert "127.0.0.1:25000 127.0.0.1:5000\n" in told
    assert not [one for one in after.problems() if "config certificates" not in one.message]


@pytest.mark.parametrize("group, name", [("database", "mariadb"), ("messaging", "rabbitmq")])
def test_a_service_listens_here_and_is_found_elsewhere_where_that_differs(cloud, group, name):
    settings = cloud(f"[{group}]\naddress = 192.0.2.9\nlisten_address = 127.0.0.5\n")
    container = settings.catalog.containers[name]
    assert settings.listens(container)[0].address == "127.0.0.5"
    assert settings.environment(container)["KOLLA_ADDRESS"] == "127.0.0.5"
    assert {"192.0.2.9", "127.0.0.5"} <= {*certificates.names(settings, container)}
    glance = settings.environment(settings.catalog.containers["glance-api"])
    if group == "database":
        assert "@192.0.2.9:3306/" in glance["OS_DATABASE__CONNECTION"]
    settings = cloud(f"[{group}]\naddress = 127.0.0.6\n")
    assert settings.listens(container)[0].address == "127.0.0.6"


@pytest.mark.parametrize("host, does_it", [("ctl1", True), ("ctl2", False)])
def test_one_host_makes_what_all_of_them_find_in_keystone(cloud, host, does_it):
    settings = cloud("", host, hosts=("ctl1", "ctl2"))
    for name, task in (("keystone", "admin"), ("glance-api", "identity")):
        container = settings.catalog.containers[name]
        tasks = build(container, settings, ImageFacts("", "image"), "", "").tasks["bootstrap"]
        assert (task in [each.name for each in tasks]) is does_it


@pytest.mark.parametrize("group, name", [("database", "mariadb"), ("messaging", "rabbitmq")])
def test_during_a_move_a_service_listens_on_both_addresses_with_a_certificate_for_both(
    cloud, group, name
):
    settings = cloud(f"[{group}]\naddress = 127.0.0.6\n")
    container = settings.catalog.containers[name]
    (before,) = {listen.address for listen in settings.listens(container)} - {"127.0.0.1"}
    assert before == "127.0.0.6"
    settings = cloud(f"[{group}]\naddress = 127.0.0.6\nformer_address = 127.0.0.5\n")
    assert settings.problems() == []
    found = {listen.address: listen.balanced for listen in settings.listens(container)}
    assert "127.0.0.6" in found and not found["127.0.0.5"]
    assert {"127.0.0.5", "127.0.0.6"} <= {*certificates.names(settings, container)}
    told = settings.environment(container)
    assert told["KOLLA_FORMER_ADDRESS"] == "127.0.0.5"


def test_what_only_services_use_listens_where_only_they_are(cloud):
    settings = cloud("[host]\naddress = 127.0.0.9\n")
    for host in ("127.0.0.9", "127.0.0.1"):
        found = {
            listen.address for name in ("mariadb", "rabbitmq", "metadata-service")
            for listen in settings.listens(settings.catalog.containers[name])
        }
        assert found == {host, "127.0.0.1"}  # RabbitMQ's tools are always there
        nova = settings.environment(settings.catalog.containers["nova-compute"])
        assert nova["OS_VNC__SERVER_LISTEN"] == host
        settings = cloud("[host]\naddress = 127.0.0.9\ninternal_address = 127.0.0.1\n")


def test_as_many_consoles_may_be_open_as_an_operator_says(cloud):
    """Each is a process."""
    settings = cloud("[console]\nconnections = 3000\n")
    found = limits_of(settings.catalog.containers["nova-novncproxy"], settings)
    assert found["pids"] > 3000 and found["memory"] > 3000 * (24 << 20)


KEPT = {
    "glance-api": ("OS_KEYSTONE_AUTHTOKEN__MEMCACHED_SERVERS",
                   "OS_KEYSTONE_AUTHTOKEN__MEMCACHE_SECURITY_STRATEGY"),
    "keystone": ("OS_CACHE__PROXIES", "OS_CACHE__BACKEND"),
}


def test_services_use_no_memcached_unless_told_so_and_need_no_secret_for_it(cloud):
    settings = cloud("", hosts=("ctl1",))
    found = {name: settings.environment(settings.catalog.containers[name]) for name in KEPT}
    assert [found["glance-api"][name] for name in KEPT["glance-api"]] == ["", "None"]
    assert [found["keystone"][name] for name in KEPT["keystone"]] == ["", "dogpile.cache.null"]
    assert not [name for name in passwords.missing(settings) if name[0] == "memcached"]


def test_services_keep_tokens_encrypted_in_the_memcached_of_each_host(cloud, tmp_path):
    cloud("", hosts=("ctl1", "ctl2", "cmp1"))
    for number in (1, 2):
        (tmp_path / f"hosts/ctl{number}.conf").write_text(
            f"[host]\naddress = 192.0.2.{number}\nenabled = all, cache-control\n")
    settings = cloud("[memcached]\nuse = true\n", host="ctl2")
    glance = settings.environment(settings.catalog.containers["glance-api"])
    assert [glance[name] for name in KEPT["glance-api"]] == [
        "192.0.2.1:11211,192.0.2.2:11211", "ENCRYPT"]
    assert glance["OS_KEYSTONE_AUTHTOKEN__MEMCACHE_SECRET_KEY"] == "${memcached.secret}"
    keystone = settings.environment(settings.catalog.containers["keystone"])
    assert keystone["KOLLA_CACHE_SECRET"] == "${memcached.keystone_secret}"
    assert [name for group, name in passwords.missing(settings) if group == "memcached"] == [
        "keystone_secret", "secret"]
