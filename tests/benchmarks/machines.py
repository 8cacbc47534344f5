"""What a virtual machine notices while all that is below it is replaced, and how it comes up.

It is the matrix of containers and sets by what is done with them. ``--quick`` only restarts them,
all but nova-compute.
"""

import contextlib
import dataclasses
import itertools
import pathlib
import tempfile
import time
from collections.abc import Iterator

from tests.benchmarks import compose, lab, timeline
from tests.benchmarks.deploy import start_exported, remove_all
from tests.benchmarks.report import Result, milliseconds, noted, seconds
from tests.functional.support.calls import calling
from tests.functional.support.cloud import Cloud
from tests.functional.support.guest import processes
from tests.functional.support.harness import Deployment
from tests.functional.support.images import COMPUTE
from tests.functional.support.pings import INTERVAL
from tests.functional.support.server import AGENTS, Server, boot, kill, members, whole
from tests.functional.support.watching import until

LATER_RELEASE = "2026.2"
#: The only ones in which the userspace switch itself is replaced.
SWITCH = ("ovs-vswitchd", "openstack-compute-operation")
TARGETS = (
    "nova-compute", "nova-libvirt", *AGENTS, "ovsdb-server", "ovs-vswitchd",
    "openstack-compute-operation", "openstack-network-operation", "openstack-control",
    "openstack-interface", "rabbitmq", "mariadb",
)
KILL = "kill -9"
ACTIONS = ("restart", "upgrade", "rollback", KILL)
#: All that has releases. Neither the switch nor libvirt has any, and so they stay.
RELEASED = (
    "openstack-interface", "openstack-control", "openstack-network-operation",
    "neutron-openvswitch-agent", "nova-compute",
)
#: All of these, as a target; and what is done when nothing is.
CLOUD, REST = "all releases", "at rest"
#: While these change, nova-compute is called: the broker serves on.
CALLED = ("", "nova-compute", CLOUD)
#: Those that no option of the change below is for, and that all others need.
RESTARTED_ONLY = ("ovsdb-server", "rabbitmq", "mariadb")
#: Options that change nothing here.
CHANGE = """\
[nova/DEFAULT]
max_logfile_count = {number}
[neutron/DEFAULT]
max_logfile_count = {number}
[keystone/DEFAULT]
max_logfile_count = {number}
[glance-api/DEFAULT]
max_logfile_count = {number}
[placement-api/DEFAULT]
max_logfile_count = {number}
[nova-libvirt/libvirtd]
max_clients = {number}000
[ovs-vswitchd/other_config]
max-idle = {number}000
"""
#: Seconds without a tick, of a clock that ticks every 0.1 seconds; in which no ping is answered;
#: and in which nova-compute answers none of the calls that it gets every 0.1 seconds.
TICK_BAR, SWITCH_BAR, SILENCE_BAR = 0.25, 1.0, 3.0
#: Seconds at rest.
RESTS = 15


@dataclasses.dataclass(frozen=True)
class Cell:
    """What was noticed of one action. Times are in seconds from its begin."""

    target: str
    action: str
    took: float
    #: From when until when no tick came, and when a ping left that was not answered.
    gaps: list[tuple[float, float]]
    lost: list[float]
    sent: int
    same: bool
    #: The longest time in which nova-compute answered no call; None if it was not called.
    silence: float | None

    @property
    def gap(self) -> float:
        return max((end - begin for begin, end in self.gaps), default=self.took)

    @property
    def met(self) -> bool:
        """Whether its pings are as they should be."""
        return len(self.lost) * INTERVAL < SWITCH_BAR if self.target in SWITCH else not self.lost


def run(quick: bool) -> Result:
    stages: dict[str, float] = {}
    cells: list[Cell] = []
    failed: list[str] = []
    with lab.running_engine() as engine, tempfile.TemporaryDirectory() as folder:
        with lab.deployment(engine) as builder:
            lab.build_images(builder)
            lab.build_images(builder, "nova", "placement-api", *COMPUTE)
            if not quick:
                lab.build_images(builder, "nova", "placement-api", *COMPUTE,
                                 "keystone", "glance-api", "--release", LATER_RELEASE)
        with whole(engine, pathlib.Path(folder), lab.ADDRESS) as cloud:
            server = _bring_up(cloud, stages)
            cells.append(_measure(server, "", REST, 0))
            with contextlib.suppress(KeyboardInterrupt):  # what was measured by then is reported
                for number, (target, action) in enumerate(_actions(quick), 1):
                    with noted(failed, f"{target}: {action}"):
                        cells.append(_measure(server, target, action, number))
            if compose.command():
                with noted(failed, "from nothing, both ways"):
                    _restart_both_ways(cloud, stages)
    return result(stages, cells, failed)


def result(stages: dict[str, float], cells: list[Cell], failed: list[str]) -> Result:
    """The first of the cells is at rest."""
    rest, *others = cells
    silences = [cell.silence for cell in cells if cell.silence is not None and cell.action != KILL]
    return Result(
        "machines", "a virtual machine, whose clock ticks every 100 ms and that is pinged every"
        " 50 ms, while what is below it is replaced; nova-compute is called every 100 ms",
        ("what", "how", "takes", "longest without a tick", "pings lost", "same process",
         "nova-compute silent"),
        [_row(cell) for cell in cells],
        {"stages": stages, "cells": [dataclasses.asdict(cell) for cell in cells]},
        {
            "each command succeeds": not failed,
            "the same process throughout": all(cell.same for cell in cells),
            f"ticks: no gap above {milliseconds(TICK_BAR)} (at rest {milliseconds(rest.gap)})":
                all(cell.gap <= TICK_BAR for cell in others),
            "no ping lost; less than a second where the switch is replaced":
                all(cell.met for cell in cells),
            f"nova-compute is silent for less than {seconds(SILENCE_BAR)}, unless it is killed":
                all(silence < SILENCE_BAR for silence in silences),
        },
        [*(f"{name}: {seconds(value)}" for name, value in stages.items()),
         *(f"failed: {what}" for what in failed)],
        {"timeline": timeline.drawing(cells, TICK_BAR)},
    )


def _bring_up(cloud: Cloud, stages: dict[str, float]) -> Server:
    """From built images to a virtual machine that is reached."""
    with _timed(stages, "all containers, from nothing"):
        cloud.deployment.kolla("set", "start", timeout=1800)
    with _timed(stages, "a virtual machine is active"):
        server = boot(cloud)
    with _timed(stages, "it is reached at its floating address"):
        until(lambda: server.page("address"), 600)
    with _timed(stages, "it knows its key"):
        until(lambda: server.page("key"), 600)
    return server


@contextlib.contextmanager
def _timed(stages: dict[str, float], name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    stages[name] = time.monotonic() - began


def _actions(quick: bool) -> Iterator[tuple[str, str]]:
    for target in TARGETS:
        short = quick and target not in CALLED or target in RESTARTED_ONLY
        for action in ACTIONS[:1] if short else ACTIONS:
            yield target, action
    if not quick:
        yield CLOUD, f"upgrade to {LATER_RELEASE}"
        yield CLOUD, "rollback"


def _measure(server: Server, target: str, action: str, number: int) -> Cell:
    killed = members(server.host, target) if action == KILL else []
    queue = f"compute.{server.host.name}"
    called = calling(server.cloud, queue) if target in CALLED else contextlib.nullcontext()
    with server.at_work() as (ticks, pings), called as calls:
        began = time.monotonic()
        if killed:
            kill(server.host, killed)
        else:
            _act(server.host, target, action, number)
        took = time.monotonic() - began
    gaps = [(begin - began, end - began) for begin, end in itertools.pairwise(ticks.seen)]
    lost = sorted(set(range(1, pings.sent + 1)) - pings.answered)
    return Cell(
        target, action, took, gaps, [pings.began + (n - 1) * INTERVAL - began for n in lost],
        pings.sent, processes(server.id) == [server.born], calls.silence if calls else None,
    )


def _act(host: Deployment, target: str, action: str, number: int) -> None:
    names = RELEASED if target == CLOUD else (target,)
    match action.split():
        case ["at", "rest"]:
            time.sleep(RESTS)
        case ["upgrade"]:
            host.configure(CHANGE.format(number=31 + number), "80-change")
            host.kolla("upgrade", *names, timeout=1800)
        case ["upgrade", "to", release]:
            host.kolla("upgrade", *names, "--release", release, timeout=3600)
        case [word]:
            host.kolla(word, *names, timeout=3600)


def _restart_both_ways(cloud: Cloud, stages: dict[str, float]) -> None:
    """All containers of a cloud that has been set up: by kolla, and by docker-compose."""
    host = cloud.deployment
    remove_all(host.engine)
    with _timed(stages, "all containers again, kolla set start"):
        host.kolla("set", "start", timeout=1800)
    folder = host.directory / "exported"
    host.kolla("set", "export", "--output", str(folder))
    remove_all(host.engine)
    with _timed(stages, "all containers again, docker-compose up -d of the exported file"):
        start_exported(host, folder)


def _row(cell: Cell) -> list[str]:
    return [
        cell.target, cell.action, seconds(cell.took), milliseconds(cell.gap),
        f"{len(cell.lost)} of {cell.sent}", "yes" if cell.same else "NO",
        "" if cell.silence is None else seconds(cell.silence),
    ]
