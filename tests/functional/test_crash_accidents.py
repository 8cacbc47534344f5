"""Worse than a killed tool: the engine is killed, Ctrl-C, a full disk, a power cut.

A sample of the points at which test_crash.py kills the tool: a few, with ``--all`` some of each
command, and with ``KOLLA_TEST_CRASH=all`` as well all of them.
"""

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from kolla.store.records import RUNNING
from tests.functional.conftest import SYNTHETIC, new_deployment
from tests.functional.support import backends, crash
from tests.functional.support.crash import Child, Ended
from tests.functional.support.crash_samples import Samples
from tests.functional.support.crash_world import World

BACKENDS = backends.BOTH


@pytest.fixture(scope="module", params=[
    "synthetic-http", pytest.param("synthetic-worker", marks=pytest.mark.exhaustive),
])
def samples(
    engine, synthetic_images, backend, exhaustive, tmp_path_factory, request
) -> Iterator[Samples]:
    with new_deployment(engine, tmp_path_factory, "accidents", backend) as deployment:
        deployment.install_plugin(SYNTHETIC)
        with small_disk(deployment.state_dir):
            yield Samples(World(deployment, request.param), exhaustive)


@contextlib.contextmanager
def small_disk(place):
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def resume(child: Child, where: str) -> Ended:
    """Let it go on to its end, which must be one that an operator can read."""
    child.signal(signal.SIGCONT)
    ended = child.wait()
    print(f"{where}: exit code {ended.exit_code}")
    assert ended.exit_code in (0, 1), ended.output
    assert "Traceback" not in ended.output and "bug in kolla" not in ended.output, ended.output
    return ended


def test_ctrl_c_leaves_everything_consistent_and_says_so(samples):
    for where, child in samples.stopped("Ctrl-C", of_each=2, action=crash.interrupt):
        ended = resume(child, where)
        # Once all is done, there is nothing left to interrupt.
        assert ended.exit_code == 1 or "outside" in where or not ended.caught, ended.output
        assert ended.exit_code == 0 or "interrupted" in ended.output, ended.output
        if where.startswith("recover"):
            samples.world.kolla("recover")  # what it did not begin is still to be done
        samples.world.assert_consistent()


@pytest.mark.parametrize("back", ["later", "at once"])
def test_recovery_finds_the_rest_after_the_engine_was_killed(samples, engine, back):
    for where, child in samples.stopped(f"engine {back}", of_each=1):
        engine.kill()
        if back == "at once":
            engine.start()
        resume(child, where)
        if back == "later":
            engine.start()
        samples.world.kolla("recover")
        samples.world.assert_consistent()


def test_full_disk_stops_no_service_and_recovery_finds_the_rest(samples):
    world = samples.world
    for where, child in samples.stopped("disk", of_each=2):
        filler = world.deployment.state_dir / "filler"
        fill(filler)
        ended = resume(child, where)
        serving = world.serving()
        filler.unlink()
        # What did not serve before may have to wait for room: compose writes before it starts.
        served = not where.startswith("start")
        if served and world.record().target == RUNNING:
            assert serving & world.committed(), (where, ended.output)
        world.kolla("recover")
        world.assert_consistent()


def fill(path) -> None:
    """Take all the space there is."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC
        os.fsync(file.fileno())
