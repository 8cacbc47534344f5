"""Random sequences of commands and accidents on a real engine.

A command may be killed at any point, and the next one comes on top of what that left. Whenever
nobody is at work and nothing was done behind kolla's back, everything has to be consistent.

The same sequences each time, a few of them without ``--all``; others, and hundreds of them, with
``KOLLA_TEST_CRASH=all`` as well.
"""

import contextlib

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test,
)

from kolla.store.records import ABSENT, RUNNING, STOPPED
from tests.functional.conftest import SYNTHETIC, new_deployment
from tests.functional.support import backends, crash_rounds
from tests.functional.support.crash_samples import EVERYTHING
from tests.functional.support.crash_world import World

BACKENDS = backends.BOTH
#: After so many points the command is killed; most commands have fewer than 180.
KILLED = st.one_of(st.none(), st.none(), st.integers(0, 180))

CONTAINERS = ["synthetic-http", "synthetic-worker", "synthetic-agent"]


class Machine(RuleBasedStateMachine):
    """Drives one container; what is wanted of it is what the last command that ended said."""

    #: By container; set by the test.
    worlds: dict[str, World] = {}

    def __init__(self):
        super().__init__()
        self.at_rest = True

    @initialize(container=st.sampled_from(CONTAINERS))
    def begin(self, container):
        self.world = self.worlds[container]
        self.world.reset()
        self.wanted = ABSENT

    # Commands

    def command(self, arguments, wanted: str | None, killed: int | None) -> None:
        """Run it; ``wanted`` is what is wanted of the container once it has succeeded."""
        ended = self.world.tool.run(*arguments, trap=killed)
        assert ended.exit_code in (-9, 0, 1), ended.output
        assert "bug in kolla" not in ended.output, ended.output
        if ended.exit_code == 0:
            self.at_rest, self.wanted = True, wanted or self.wanted
        elif ended.exit_code < 0:
            self.at_rest, self.wanted = False, None
        elif not self.at_rest:
            self.recover(None)

    def verb(self, *words: str) -> tuple[str, ...]:
        return (*crash_rounds.as_released(self.world), "container", *words, self.world.container)

    @rule(killed=KILLED)
    def start(self, killed):
        self.command(self.verb("start"), RUNNING, killed)

    @rule(killed=KILLED)
    def stop(self, killed):
        wanted = STOPPED if self.wanted == RUNNING else None
        self.command(self.verb("stop"), wanted, killed)

    @rule(killed=KILLED)
    def restart(self, killed):
        self.command(self.verb("restart"), None, killed)

    @rule(killed=KILLED)
    def delete(self, killed):
        self.command(self.verb("delete", "--yes"), ABSENT, killed)

    @rule(killed=KILLED)
    def confirm(self, killed):
        self.command(self.verb("confirm"), None, killed)

    @rule(killed=KILLED)
    def rollback(self, killed):
        self.command(self.verb("rollback"), None, killed)

    @rule(killed=KILLED)
    def upgrade_the_configuration(self, killed):
        self.command(crash_rounds.reconfigured(self.world), RUNNING, killed)

    @rule(killed=KILLED)
    def upgrade_the_image(self, killed):
        self.command(crash_rounds.other_image(self.world), RUNNING, killed)

    @rule(killed=KILLED, failure=st.sampled_from(["exit", "check", "join", "expand", "drain"]))
    def upgrade_to_what_fails(self, killed, failure):
        arguments = crash_rounds.upgraded(self.world, "failure", failure)
        if failure == "check":
            arguments = (*crash_rounds.in_a_hurry(self.world), *arguments)
        self.command(arguments, RUNNING, killed)

    @rule(killed=KILLED)
    def recover(self, killed):
        self.command(("recover",), None, killed)
        if killed is None:
            self.at_rest = True

    # Accidents

    @rule()
    def engine_is_killed_and_started(self):
        self.world.deployment.engine.kill()
        self.world.deployment.engine.start()

    @rule(choice=st.randoms(use_true_random=False))
    def container_is_removed_by_hand(self, choice):
        seen = self.world.seen()
        if seen:
            with self.world.deployment.engine.client() as client:
                client.api.remove_container(choice.choice(seen).name, force=True)
            self.at_rest, self.world.removed_by_hand = False, True

    @precondition(lambda self: self.at_rest)
    @rule()
    def state_file_is_lost(self):
        self.world.lose_state()
        self.at_rest = False
        if self.world.removed_by_hand:
            self.wanted = None  # what was wanted of it is nowhere any more

    # What has to hold

    @invariant()
    def everything_is_consistent(self):
        if self.at_rest:
            self.world.assert_consistent()
            assert self.wanted in (None, self.world.record().target)

    def teardown(self):
        with contextlib.suppress(AttributeError):
            self.recover(None)
            self.everything_is_consistent()


def test_whatever_happens_in_whatever_order(
    engine, synthetic_images, backend, exhaustive, tmp_path_factory
):
    with new_deployment(engine, tmp_path_factory, "machine", backend) as http:
        deployments = [http]
        for _ in CONTAINERS[1:]:
            another = type(http)(engine, tmp_path_factory.mktemp("machine"), http.address)
            another.prepare().configure(backends.configuration(backend), "05-backend")
            deployments.append(another)
        for deployment in deployments:
            deployment.install_plugin(SYNTHETIC)
        Machine.worlds = {
            name: World(deployment, name) for name, deployment in zip(CONTAINERS, deployments)
        }
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=300 if EVERYTHING else 12 if exhaustive else 1,
                stateful_step_count=12,
                derandomize=not EVERYTHING, database=None, deadline=None,
                phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            ),
        )
