"""Releases of everything above and below a virtual machine of a user, one after the other.

Everything speaks TLS, and networks get their numbers from ranges (network_segment_range), which
are what Neutron's expansion for 2026.1 changes.
"""

import contextlib
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.calls import calling
from tests.functional.support.consoles import Console, opened
from tests.functional.support.guest import first, ticking
from tests.functional.support.harness import finish
from tests.functional.support.images import COMPUTE, OPTIONAL
from tests.functional.support.server import Server, boot, encrypted
from tests.functional.support.watching import remembered, until

RELEASES = ("2025.2", "2026.1")
CONFIGURATION = f"""\
[DEFAULT]
release = {RELEASES[0]}

[neutron/DEFAULT]
service_plugins = router,network_segment_range
"""
#: Seconds without a tick of a clock that has stopped. How evenly it ticks, and how soon
#: nova-compute answers again, is for a benchmark on a quiet machine to say; both are printed.
STOPPED = 5

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


def test_a_later_control_plane_reaches_a_hypervisor_of_the_earlier_release(server):
    with unnoticed(server):
        told = server.host.kolla(
            "set", "upgrade", "openstack-interface", "openstack-control",
            "--release", RELEASES[1], timeout=2400,
        ).stderr
    assert "to go back, restore the dump" in " ".join(told.split())
    assert server.cloud.current("nova-compute")["release"] == RELEASES[0]
    with console(server) as opened_by_the_later:
        assert opened_by_the_later.works()


def test_a_virtual_machine_does_not_notice_a_later_release(server):
    with unnoticed(server):
        server.host.kolla("set", "upgrade", "all", "--release", RELEASES[1], timeout=2400)
    assert server.cloud.current("nova-compute")["release"] == RELEASES[1]
    until(lambda: server.page("key"))
