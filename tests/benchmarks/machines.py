"""What a virtual machine notices while all that is below it is replaced, and how it comes up.

It is the matrix of containers and sets by what is done with them. ``--quick`` only restarts them.
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
from tests.benchmarks.report import Result, milliseconds, seconds
from tests.functional.support.cloud import Cloud
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
ACTIONS = ("restart", "upgrade", "rollback", "kill -9")
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
#: Seconds without a tick, of a clock that ticks every 0.1 seconds; and without an answer.
TICK_BAR, SWITCH_BAR = 0.25, 1.0
#: Seconds at rest.
REST = 15


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

    @property
    def gap(self) -> float:
        return max(end - begin for begin, end in self.gaps)

    @property
    def met(self) -> bool:
        """Whether its pings are as they should be."""
        return len(self.lost) * INTERVAL < SWITCH_BAR if self.target in SWITCH else not self.lost


def run(quick: bool) -> Result:
    stages: dict[str, float] = {}
    cells: list[Cell] = []
    with lab.running_engine() as engine, tempfile.TemporaryDirectory() as folder:
        with lab.deployment(engine) as builder:
            lab.build_images(builder)
            lab.build_images(builder, "nova", "placement-api", *COMPUTE)
            if not quick:
                lab.build_images(builder, "nova", "placement-api", *COMPUTE,
                                 "keystone", "glance-api", "--release", LATER_RELEASE)
        with whole(engine, pathlib.Path(folder), lab.ADDRESS) as cloud:
            server = _bring_up(cloud, stages)
            with contextlib.suppress(KeyboardInterrupt):  # what was measured by then is reported
                for target, action in _actions(quick):
                    cells.append(_measure(server, target, action, len(cells)))
            if compose.command():
                _restart_both_ways(cloud, stages)
    rest, *others = cells
    return Result(
        "machines", "a virtual machine, whose clock ticks every 100 ms and that is pinged every"
        " 50 ms, while what is below it is replaced",
        ("what", "how", "takes", "longest without a tick", "pings lost", "same process"),
        [_row(cell) for cell in cells],
        {"stages": stages, "cells": [dataclasses.asdict(cell) for cell in cells]},
        {
            "the same process throughout": all(cell.same for cell in cells),
            f"ticks: no gap above {milliseconds(TICK_BAR)} (at rest {milliseconds(rest.gap)})":
                max(cell.gap for cell in others) <= TICK_BAR,
            "no ping lost; less than a second where the switch is replaced":
                all(cell.met for cell in cells),
        },
        [f"{name}: {seconds(value)}" for name, value in stages.items()],
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
    yield "", "at rest"
    for target in TARGETS:
        for action in ACTIONS[:1] if quick or target in RESTARTED_ONLY else ACTIONS:
            yield target, action
    if not quick:
        yield "all", f"upgrade to {LATER_RELEASE}"
        yield "all", "rollback"


def _measure(server: Server, target: str, action: str, number: int) -> Cell:
    with server.at_work() as (ticks, pings):
        began = time.monotonic()
        _act(server, target, action, number)
        took = time.monotonic() - began
    gaps = [(begin - began, end - began) for begin, end in itertools.pairwise(ticks.seen)]
    lost = sorted(set(range(1, pings.sent + 1)) - pings.answered)
    return Cell(
        target, action, took, gaps, [pings.began + n * INTERVAL - began for n in lost],
        pings.sent, server.process == server.born,
    )


def _act(server: Server, target: str, action: str, number: int) -> None:
    host = server.host
    if not target:
        time.sleep(REST)
        return
    names = members(host, target)
    kind = "container" if names == [target] else "set"
    match action.split():
        case ["kill", _]:
            kill(host, names)
        case ["upgrade"]:
            host.configure(CHANGE.format(number=31 + number), "80-change")
            host.kolla(kind, "upgrade", target, timeout=1800)
        case ["upgrade", "to", release]:
            host.kolla("set", "upgrade", target, "--release", release, timeout=3600)
        case [word]:
            host.kolla(kind, word, target, timeout=1800)


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
    ]
