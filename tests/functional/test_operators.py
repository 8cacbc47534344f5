"""Several operators at once, and one who changes their mind."""

import re
import signal

import pytest

from tests.functional.support import backends
from tests.functional.support.harness import Deployment, finish, line_of
from tests.functional.support.watching import generation, serving

BACKENDS = backends.BOTH

NAME = "synthetic-http"


def upgrade(delay: float) -> tuple[str, ...]:
    """An upgrade that has something to do, and takes at least that many seconds."""
    return ("--set", f"synthetic.http_start_delay={delay}", "container", "upgrade", NAME)


def history(deployment: Deployment) -> list[dict]:
    return deployment.kolla("container", "history", NAME, "-f", "json").json()


def test_second_operator_is_told_who_is_at_work_and_both_end_well(synthetic):
    number = generation(synthetic)
    with (
        serving(synthetic) as answers,
        synthetic.spawned(*upgrade(2.0)) as first,
    ):
        line_of(first, "start synthetic-http")
        with synthetic.spawned(*upgrade(0.1)) as second:
            told = line_of(second, "waiting for")
            finish(first)
            finish(second)
    assert re.search(
        rf"waiting for \w+'s upgrade \(process {first.pid}\), running for \d+ s", told
    )
    assert set(answers.given) == {number, number + 1, number + 2}
    assert [row["state"] for row in history(synthetic)][-3:] == ["kept", "kept", "current"]


def test_operator_who_waits_too_long_is_told_for_whom(synthetic):
    with synthetic.spawned(*upgrade(3.0)) as first:
        line_of(first, "start synthetic-http")
        done = synthetic.kolla("--set", "engine.lock_timeout=0", *upgrade(0), expect=1)
        assert f"process {first.pid}" in done.stderr and "lock_timeout" in done.stderr
        finish(first)


def test_other_containers_are_not_held_up(synthetic):
    with synthetic.spawned(*upgrade(4.0)) as first:
        line_of(first, "start synthetic-http")
        synthetic.kolla("container", "restart", "synthetic-worker")
        assert first.poll() is None
        finish(first)


@pytest.fixture
def terminal():
    """The tests may run without one; what they start notices when its own ends."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.differs
@pytest.mark.parametrize("what", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "hang-up"])
def test_ctrl_c_or_a_lost_terminal_takes_the_new_generation_away_again(synthetic, terminal, what):
    number = generation(synthetic)
    with serving(synthetic) as answers:
        with synthetic.spawned(*upgrade(30.0)) as process:
            line_of(process, "check synthetic-http")
            process.send_signal(what)
            process.communicate(timeout=60)
        assert process.returncode == 1
    assert set(answers.given) == {number}
    assert history(synthetic)[-1]["state"] == "discarded"
    with synthetic.engine.client() as client:
        found = client.containers.list(all=True, filters={"name": f"{NAME}-g"})
    assert [item.name for item in found if item.status == "running"] == [f"{NAME}-g{number}"]


def test_upgrade_whose_output_nobody_reads_goes_on_to_its_end(synthetic):
    number = generation(synthetic)
    with serving(synthetic) as answers:
        with synthetic.spawned(*upgrade(1.0)) as process:
            line_of(process, "create synthetic-http")
            for stream in (process.stdout, process.stderr):
                stream.close()
            process.wait(60)
    *_, last = history(synthetic)
    assert last["state"] == "current" and last["generation"] == answers.given[-1] > number
