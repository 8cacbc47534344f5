"""Power cuts: everything dies, the engine starts again, and no command is run."""

import signal

import pytest

from kolla.store.records import RUNNING
from tests.functional.conftest import SYNTHETIC, new_deployment
from tests.functional.support import backends
from tests.functional.support.crash_power import PowerEngine
from tests.functional.support.crash_samples import Samples
from tests.functional.support.crash_world import World
from tests.functional.support.watching import generation, until

BACKENDS = backends.BOTH
#: Around these nothing has the restart policy of what counts: two at once would be worse.
NOBODY_YET = {"want-running", "commit", "release", "keep"}


@pytest.fixture(scope="module")
def power(engine, synthetic_images):
    """An engine whose power can be cut, in the place of the ordinary one."""
    engine.clean()
    engine.stop()
    power = PowerEngine(engine.cache, engine.run)
    power.start()
    try:
        yield power
    finally:
        power.cut_power()
        engine.start()
        engine.clean()


@pytest.fixture
def deployed(power, backend, tmp_path_factory):
    with new_deployment(power, tmp_path_factory, "power", backend) as deployment:
        deployment.install_plugin(SYNTHETIC)
        yield deployment


def operation(where: str) -> str:
    """That of ``upgrade at upgrade/keep: before APIClient.update_container``."""
    return where.partition("/")[2].partition(":")[0]


@pytest.mark.parametrize("container", [
    "synthetic-http",
    *(pytest.param(name, marks=pytest.mark.exhaustive)
      for name in ("synthetic-worker", "synthetic-agent")),
])
def test_after_a_power_cut_only_what_was_committed_serves(
    deployed, power, container, exhaustive
):
    world = World(deployed, container)
    for where, child in Samples(world, exhaustive).stopped("power", of_each=2):
        print(where)
        wanted = world.record().target
        power.cut_power()
        child.signal(signal.SIGKILL)
        child.wait()
        power.start()
        world.wait_until_started()
        serving, record, committed = world.serving(), world.record(), world.committed()
        assert serving <= committed, (where, serving)
        assert world.kind == "http" or len(serving) <= 1, (where, serving)
        if wanted == record.target == RUNNING:
            assert serving or operation(where) in NOBODY_YET, where
        world.kolla("recover")
        world.assert_consistent()


@pytest.mark.differs
def test_after_a_reboot_exactly_the_current_generations_come_up(deployed, power):
    deployed.configure("[host]\nenabled = synthetic\n")
    deployed.kolla("config", "passwords")
    deployed.kolla("set", "start")
    deployed.kolla("container", "restart", "synthetic-http")
    deployed.kolla("container", "stop", "synthetic-worker")
    power.cut_power()
    power.start()
    assert until(lambda: generation(deployed)) == 2
    with power.client() as client:
        running = [container.name for container in client.containers.list()]
    assert running == ["synthetic-http-g2"]
    rows = deployed.kolla("recover", "-f", "json").json()
    assert {row["outcome"] for row in rows} == {"unchanged"}
