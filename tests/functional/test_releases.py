"""Releases of everything above and below a virtual machine of a user: there, back and there again.

Everything speaks TLS.
"""

import contextlib
import re
from collections.abc import Iterator

import pytest

from tests.functional.compute.test_nova import UP, services
from tests.functional.conftest import NETWORK
from tests.functional.support.calls import calling
from tests.functional.support.consoles import Console, opened
from tests.functional.support.database import query
from tests.functional.support.guest import first, ticking
from tests.functional.support.harness import finish
from tests.functional.support.images import COMPUTE, OPTIONAL
from tests.functional.support.server import (
    BOOTS, Server, another, boot, complaints, encrypted,
)
from tests.functional.support.watching import remembered, until

RELEASES = ("2025.2", "2026.1")
CONFIGURATION = f"[DEFAULT]\nrelease = {RELEASES[0]}\n"
#: What services of Nova write into the database, and what their calls of hypervisors have.
VERSIONS = dict(zip(RELEASES, ("70", "72")))
CALLS = dict(zip(RELEASES, ("6.4", "6.5")))
#: What controls hypervisors.
CONTROL = ("nova-controller", "nova-api")
#: Seconds without a tick of a clock that has stopped. How evenly it ticks, and how soon
#: nova-compute answers again, is for a benchmark on a quiet machine to say; both are printed.
STOPPED = 5
#: Seconds in which each service and each agent reports.
REPORTS = 120

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def server(engine, builder, images, tmp_path_factory) -> Iterator[Server]:
    """A virtual machine in a cloud of the earliest release."""
    for release in RELEASES:
        images(release)
        builder.only(*OPTIONAL, *COMPUTE, release=release)
    folder = tmp_path_factory.mktemp("releases")
    with encrypted(engine, folder, f"{NETWORK}.205", CONFIGURATION) as cloud:
        made = boot(cloud)
        until(lambda: made.page("key"), 300)
        yield made


def test_users_and_services_find_tls_everywhere(server):
    with server.cloud.connect() as connection:
        urls = [endpoint.url for endpoint in connection.identity.endpoints()]
    assert {url.partition(":")[0] for url in urls} == {"https"}
    assert server.page("hostname").split(".")[0] == first.NAME


def console(server: Server) -> contextlib.AbstractContextManager[Console]:
    """Its console, as a browser opens it."""
    with server.cloud.connect() as connection:
        url = connection.compute.create_console(server.id, "novnc")["url"]
    return opened(url, server.cloud.certificates / "ca.crt")


def test_an_open_console_stays_while_its_proxy_is_replaced(server):
    path = server.host.configure("[nova-novncproxy/DEFAULT]\ndaemon = false\n", "80-option")
    number = server.cloud.current("nova-novncproxy")["generation"]
    with console(server) as earlier:
        with server.host.spawned("container", "upgrade", "nova-novncproxy") as upgrade:
            until(lambda: server.cloud.current("nova-novncproxy")["generation"] > number, 300)
            with console(server) as later:
                assert later.works()
            assert upgrade.poll() is None and earlier.works()
            earlier.close()
            finish(upgrade)
    path.unlink()


@pytest.mark.parametrize(("name", "leader"), (
    ("nova-compute", "nova-api"), ("neutron-rpc-server", "neutron-api"),
))
def test_what_follows_is_not_upgraded_first(server, name, leader):
    before = remembered(server.host)
    refused = server.host.kolla(
        "container", "upgrade", name, "--release", RELEASES[1], expect=1
    ).stderr
    assert f"{leader}, which it follows" in refused
    assert remembered(server.host) == before


@contextlib.contextmanager
def unnoticed(server: Server) -> Iterator[None]:
    """While the block runs, the virtual machine goes on, and nova-compute is soon back."""
    with ticking(server.console) as noise:
        server.host.kolla("container", "list")
    queue = f"compute.{server.host.name}"
    with server.at_work() as (ticks, pings), calling(server.cloud, queue):
        yield
    print(f"{ticks.gap:.3f} s without a tick, {noise.gap:.3f} at rest;"
          f" {pings.lost} of {pings.sent} pings lost")
    assert pings.lost == 0
    assert ticks.gap < STOPPED
    assert server.process == server.born


def releases(server: Server) -> set[str]:
    """Of all that has one."""
    rows = server.host.kolla("container", "list", "-f", "json").json()
    return {row["release"] for row in rows if row["release"]}


def assert_serves_and_reports(server: Server, release: str) -> None:
    """Users reach all that is there and get more of it, and what reports goes on to."""
    with server.cloud.connect() as connection:
        before = reports(connection)
        until(lambda: all(reports(connection)[who] > at for who, at in before.items()), REPORTS)
        assert {agent.is_alive for agent in connection.network.agents()} == {True}
    until(lambda: services(server.cloud) == UP)
    assert written(server) == {VERSIONS[release]}
    assert server.page("key")
    with console(server) as shown:
        assert shown.works()
    assert_boots_another(server)


def reports(connection) -> dict[str, str]:
    """When each service of Nova and each agent of Neutron was last heard of."""
    found = {each.binary: each.updated_at for each in connection.compute.services()}
    return found | {each.binary: each.last_heartbeat_at for each in connection.network.agents()}


def written(server: Server) -> set[str]:
    """The versions that services of Nova have written into the database."""
    return set(query(server.cloud, "SELECT version FROM nova.services WHERE NOT deleted"))


def assert_boots_another(server: Server) -> None:
    with another(server) as made:
        until(lambda: made.status() != "BUILD", BOOTS)
        assert made.status() == "ACTIVE", complaints(server.cloud)


def called_with(server: Server, name: str) -> str:
    """The version of calls to hypervisors that a service has chosen last, as its log says."""
    number = str(server.cloud.current(name)["generation"])
    log = server.host.kolla(
        "container", "logs", name, "--generation", number, "--grep", "compute RPC version"
    ).stdout
    return re.findall(r"selected compute RPC version (\S+)", log)[-1]


def test_a_later_control_plane_reaches_a_hypervisor_of_the_earlier_release(server):
    with unnoticed(server):
        server.host.kolla(
            "set", "upgrade", "openstack-interface", "openstack-control",
            "--release", RELEASES[1], timeout=2400,
        )
    assert server.cloud.current("nova-compute")["release"] == RELEASES[0]
    with console(server) as opened_by_the_later:
        assert opened_by_the_later.works()
    assert called_with(server, "nova-api") == CALLS[RELEASES[0]]


def test_a_virtual_machine_does_not_notice_a_later_release(server):
    with unnoticed(server):
        server.host.kolla("set", "upgrade", "all", "--release", RELEASES[1], timeout=2400)
    assert releases(server) == {RELEASES[1]}
    until(lambda: server.page("key"))
    assert_serves_and_reports(server, RELEASES[1])


def test_until_it_is_confirmed_everything_goes_back_below_the_virtual_machine(server):
    with unnoticed(server):
        server.host.kolla("set", "rollback", "all", timeout=2400)
    assert releases(server) == {RELEASES[0]}
    assert_serves_and_reports(server, RELEASES[0])


def test_a_restart_after_the_confirmation_lifts_the_limit_of_calls_to_hypervisors(server):
    host = server.host
    with unnoticed(server):
        host.kolla("upgrade", *CONTROL, "--release", RELEASES[1], timeout=1200)
        with console(server) as limited:
            assert limited.works()
        assert called_with(server, "nova-api") == CALLS[RELEASES[0]]
        host.kolla("upgrade", "nova-compute", "--release", RELEASES[1])
        host.kolla("confirm", *CONTROL, "nova-compute")
        host.kolla("set", "restart", "nova-controller")
        host.kolla("container", "restart", "nova-api")
    with console(server) as opened_with_a_later_call:
        assert opened_with_a_later_call.works()
    assert_boots_another(server)
    assert {called_with(server, name) for name in ("nova-api", "nova-conductor")} == {
        CALLS[RELEASES[1]]
    }
