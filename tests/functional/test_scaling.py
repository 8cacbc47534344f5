"""A group of virtual machines grows and shrinks by alarms on its processors, where everything
speaks TLS, as the manual's template and options have it.
"""

import itertools
from collections.abc import Callable, Iterator

import pytest
from keystoneauth1.adapter import Adapter

from tests.functional.conftest import NETWORK, ROOT
from tests.functional.support import guest, ramdisk
from tests.functional.support.cloud import Cloud
from tests.functional.support.guest import first, processes
from tests.functional.support.images import COMPUTE, OPTIONAL, TELEMETRY
from tests.functional.support.server import BOOTS, complaints, encrypted
from tests.functional.support.stacks import CONTAINERS, MADE, Stacks
from tests.functional.support.telemetry import ARRIVES, Measures
from tests.functional.support.watching import asking, until

BEFORE, AFTER = "2026.1", "2026.2"
NAMES = (
    "gnocchi-api", "gnocchi-metricd", "ceilometer-notification", "ceilometer-compute",
    "aodh-api", "aodh-evaluator", "aodh-notifier", *CONTAINERS,
)
IMAGES = (*TELEMETRY, "ceilometer-compute", "heat")
SAMPLES = ROOT / "doc" / "source" / "samples" / "scaling"
#: The address of the test is one of those that alarms may not lead to; nobody waits for a minute
#: until the next look at an alarm.
CONFIGURATION = """\
[host]
enabled = all, nova-api, placement-api, openstack-control, openstack-compute-operation,
          openstack-network-operation, {names}

[aodh]
allowed_hosts = {address}

[aodh-evaluator/evaluator]
evaluation_interval = 5

"""
ADDRESS = f"{NETWORK}.210"
#: It is busy for one second of three: the rest is for what is tested.
BUSY = """\
busy() {
    while :; do
        timeout 1 sh -c 'while :; do :; done'
        sleep 2
    done
}
busy &
"""
#: Seconds between two measures, as the samples have it.
INTERVAL = 60
#: Seconds in which three measures of a machine have arrived, after which alarms know it.
KNOWN = 3 * INTERVAL + ARRIVES
#: Percents of a processor: a machine takes more than the one, however busy the host is, and one
#: machine cannot take as much as the other.
LITTLE, IMPOSSIBLE = 2, 1000

pytestmark = pytest.mark.service


def configuration() -> str:
    """The sample, for the host of the test."""
    sample = (SAMPLES / "kolla.conf").read_text()
    assert "/etc/kolla/polling.yaml" in sample
    own = CONFIGURATION.format(names=", ".join(NAMES), address=ADDRESS)
    return own + sample.replace("/etc/kolla/polling.yaml", str(SAMPLES / "polling.yaml"))


@pytest.fixture(scope="module")
def cloud(engine, builder, images, tmp_path_factory) -> Iterator[Cloud]:
    """A cloud with telemetry and orchestration, and a flavor for everybody."""
    images(BEFORE)
    builder.only(*OPTIONAL, *COMPUTE, *IMAGES, release=BEFORE)
    builder.only(*IMAGES, release=AFTER)
    folder = tmp_path_factory.mktemp("scaling")
    with encrypted(engine, folder, ADDRESS, configuration()) as cloud:
        with cloud.connect() as connection:
            first.await_hypervisor(connection.compute)
            connection.compute.create_flavor(
                name=first.NAME, ram=first.MEMORY, vcpus=1, disk=first.DISK)
        yield cloud


class Group:
    """The stack of the sample, as a user sees it who is no administrator."""

    def __init__(self, cloud: Cloud, connection, stack: str):
        self._cloud, self._compute = cloud, connection.compute
        self.stacks, self.stack = Stacks(connection), stack
        self._alarms = Adapter(
            connection.session, service_type="alarming", interface="public")

    def machines(self) -> dict[str, str]:
        """The status of each, by its id."""
        return {server.id: server.status for server in self._compute.servers()}

    def alarms(self) -> dict[str, str]:
        """The state of each, by its name in the template."""
        return {
            alarm["name"].split("-")[2]: alarm["state"]
            for alarm in self._alarms.get("/v2/alarms").json()
        }

    def until(self, condition: Callable, seconds: float) -> None:
        """Until a condition holds; where it does not, the failure says what there is instead."""
        try:
            until(condition, seconds)
        except AssertionError as failure:
            found = f"{failure}: {self.machines()}, {self.alarms()}"
            raise AssertionError(f"{found}\n{complaints(self._cloud)}") from failure


@pytest.fixture(scope="module")
def group(cloud, tmp_path_factory) -> Group:
    """It has one machine, which is busy, but not as much as its alarm wants it to be."""
    folder = ramdisk.image(guest.FOLDER, tmp_path_factory.mktemp("guest"), BUSY)
    connection = cloud.member("grower")
    network = connection.network.create_network(name=first.NAME)
    connection.network.create_subnet(network_id=network.id, cidr=first.INSIDE, ip_version=4)
    stacks = Stacks(connection)
    stack = stacks.begin(
        (SAMPLES / "template.yaml").read_text(),
        image=first.image(connection, folder), flavor=first.NAME, network=network.id,
        most=2, interval=INTERVAL, busy=IMPOSSIBLE, idle=0, rest=INTERVAL,
    )
    stacks.made(stack, BOOTS)
    return Group(cloud, connection, stack)


@pytest.fixture
def measures(cloud) -> Iterator[Measures]:
    with cloud.connect() as connection:
        yield Measures(connection.session)


def processor(machine: str) -> str:
    """Where Gnocchi has the time that its processor has taken."""
    return f"resource/instance/{machine}/metric/cpu"


def test_a_machine_is_measured_and_no_alarm_fires_within_its_threshold(cloud, group, measures):
    (machine,) = group.machines()
    group.until(lambda: measures.over_time(processor(machine), "mean", INTERVAL), ARRIVES)
    quiet = {"too_busy": "ok", "too_idle": "ok"}
    group.until(lambda: group.alarms() == quiet, KNOWN)
    assert group.machines() == {machine: "ACTIVE"}
    assert cloud.deployment.kolla("container", "check", *NAMES).exit_code == 0


def test_a_busy_group_grows_while_telemetry_and_orchestration_are_upgraded(
    cloud, group, measures
):
    """No measure is lost, and no alarm."""
    (machine,) = group.machines()
    metric, seconds = measures.metric(), itertools.count()
    with (
        asking(lambda: measures.post(metric, 1, second=next(seconds))) as clients,
        asking(group.alarms) as users,
    ):
        group.stacks.change(group.stack, busy=LITTLE)
        cloud.deployment.kolla(
            "container", "upgrade", *NAMES, "--release", AFTER, timeout=1800)
    assert clients.failures == users.failures == []
    assert all(found.keys() == {"too_busy", "too_idle"} for found in users.given)
    assert {cloud.current(name)["release"] for name in NAMES} == {AFTER}
    group.stacks.changed(group.stack)
    group.until(lambda: len(group.machines()) == 2, KNOWN)
    group.until(lambda: set(group.machines().values()) == {"ACTIVE"}, BOOTS)
    posted = next(seconds)
    measures.post(metric, 1, second=posted)
    until(lambda: sum(measures.aggregates(f"metric/{metric}", "count")) == posted + 1, ARRIVES)
    (second,) = group.machines().keys() - {machine}
    group.until(lambda: measures.over_time(processor(second), "mean", INTERVAL), ARRIVES)
    assert longest_gap(measures, machine) <= 3 * INTERVAL


def longest_gap(measures: Measures, machine: str) -> float:
    """Seconds between two measures of its processor, of which each is of a minute."""
    taken = measures.over_time(processor(machine), "mean", INTERVAL)
    assert sorted(taken.values()) == [*taken.values()] and min(taken.values()) > 0
    gap = max(later - earlier for earlier, later in itertools.pairwise(taken)).total_seconds()
    print(f"{len(taken)} measures, at most {gap:.0f} s apart")
    return gap


def test_a_group_that_is_idle_shrinks_and_leaves_nothing_behind(cloud, group):
    """Its machines are as busy as before: what has changed is what is idle."""
    before = group.machines()
    assert len(before) == 2
    group.stacks.change(group.stack, busy=IMPOSSIBLE, idle=IMPOSSIBLE)
    group.stacks.changed(group.stack)
    group.until(lambda: len(group.machines()) == 1, KNOWN + MADE)
    group.stacks.delete(group.stack)
    assert group.machines() == group.alarms() == {}
    until(lambda: not any(map(processes, before)))
