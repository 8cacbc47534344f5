"""Accidents: things that vanish, prunes, an engine or a tool that is killed."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK, SYNTHETIC
from tests.functional.support import backends
from tests.functional.support.engine import Engine
from tests.functional.support.harness import Deployment, line_of
from tests.functional.support.watching import generation, serving, untouched

BACKENDS = backends.BOTH

NAME = "synthetic-http"


def upgrade(delay: float) -> tuple[str, ...]:
    """An upgrade that has something to do, and takes at least that many seconds."""
    return ("--set", f"synthetic.http_start_delay={delay}", "container", "upgrade", NAME)


def history(deployment: Deployment) -> list[dict]:
    return deployment.kolla("container", "history", NAME, "-f", "json").json()


def on_engine(deployment: Deployment) -> dict[str, str]:
    """The state of each container of kolla."""
    with deployment.engine.client() as client:
        found = client.containers.list(all=True, filters={"label": "kolla.container"})
        return {container.name: container.status for container in found}


def remove(deployment: Deployment, name: str) -> None:
    with deployment.engine.client() as client:
        client.containers.get(name).remove(force=True)


# Things that vanish

@pytest.mark.differs
@pytest.mark.parametrize("command", [("recover",), ("container", "start", NAME)], ids=" ".join)
def test_container_removed_by_hand_comes_back(synthetic, command):
    number = generation(synthetic)
    remove(synthetic, f"{NAME}-g{number}")
    rows = synthetic.kolla(*command, "-f", "json").json()
    assert {row["container"]: row["outcome"] for row in rows}[NAME] == "done"
    assert generation(synthetic) == number
    assert on_engine(synthetic)[f"{NAME}-g{number}"] == "running"


def test_rollback_makes_a_kept_predecessor_that_was_removed_by_hand_again(synthetic):
    synthetic.configure("[synthetic-http/DEFAULT]\ndebug = true\n")
    synthetic.kolla("container", "upgrade", NAME)
    number = generation(synthetic)
    (kept,) = [n for n in on_engine(synthetic) if n.startswith(NAME) and n != f"{NAME}-g{number}"]
    remove(synthetic, kept)
    with serving(synthetic) as answers:
        synthetic.kolla("container", "rollback", NAME)
    assert set(answers.given) == {number, number + 1}
    shown = synthetic.kolla("container", "show", NAME, "-f", "json").json()
    assert "OS_DEFAULT__DEBUG" not in shown["environment"]


def lose_state_file(deployment: Deployment) -> None:
    for path in deployment.state_dir.glob("kolla.sqlite*"):
        path.unlink()


@pytest.mark.differs
def test_lost_state_file_is_made_again_from_the_labels(synthetic):
    number = generation(synthetic)
    before = on_engine(synthetic)
    lose_state_file(synthetic)
    with serving(synthetic):
        synthetic.kolla("recover")
        assert on_engine(synthetic) == before
        found = {row["generation"]: row for row in history(synthetic)}
        assert found[number]["state"] == "current"
        assert all("the state file did not know it" in row["cause"] for row in found.values())
        assert synthetic.kolla("container", "check", NAME).exit_code == 0
        synthetic.configure("[synthetic-http/DEFAULT]\nworkers = 7\n")
        synthetic.kolla("container", "upgrade", NAME)
        assert generation(synthetic) == number + 1
        synthetic.kolla("container", "rollback", NAME)
        assert generation(synthetic) == number + 2


def test_upgrade_right_after_the_state_file_was_lost_knows_the_generations(synthetic):
    number = generation(synthetic)
    lose_state_file(synthetic)
    with serving(synthetic) as answers:
        synthetic.kolla("container", "upgrade", NAME)
    assert set(answers.given) == {number, number + 1}
    assert history(synthetic)[-1]["generation"] == number + 1


def test_numbers_grow_although_everything_of_a_container_was_lost(synthetic):
    number = generation(synthetic)
    synthetic.kolla("container", "delete", NAME, "--yes")
    lose_state_file(synthetic)
    synthetic.kolla("container", "start", NAME)
    assert generation(synthetic) > number


# Prunes

@pytest.fixture(scope="module")
def alone(synthetic_images, engine, tmp_path_factory):
    """synthetic-http on an engine of its own, whose images may all be lost.

    It has run the later image, and runs the earlier one.
    """
    folder = tmp_path_factory.mktemp("alone")
    second = Engine(folder / "engine", engine.run.with_name(f"{engine.run.name}-2"))
    second.start()
    try:
        with engine.client() as client, second.client() as target:
            for tag in synthetic_images:
                target.images.load(b"".join(client.images.get(tag).save(named=tag)))
        deployment = Deployment(second, folder / "deployment", f"{NETWORK}.200").prepare()
        deployment.install_plugin(SYNTHETIC)
        deployment.configure(f"[host]\nenabled = {NAME}\n", "10-host")
        deployment.kolla("--set", "DEFAULT.release=2026.2", "set", "start")
        deployment.kolla("container", "upgrade", NAME, "--image", synthetic_images[0])
        yield deployment
    finally:
        second.clean()
        second.stop()
        shutil.rmtree(folder / "engine")


def test_system_prune_takes_nothing_that_a_rollback_needs(alone, synthetic_images):
    earlier, later = synthetic_images
    with alone.engine.client() as client:
        client.images.remove(later)  # as if another one had been built with that name
        client.containers.prune()
        client.images.prune()
        client.api.prune_builds()
    with serving(alone):
        (row,) = alone.kolla("container", "rollback", NAME, "-f", "json").json()
    assert row["outcome"] == "done"
    assert alone.kolla("container", "show", NAME, "-f", "json").json()["release"] == "2026.2"


def test_image_that_prune_a_took_is_named_before_anything_is_touched(alone, synthetic_images):
    earlier, later = synthetic_images
    with alone.engine.client() as client:
        client.containers.prune()
        client.images.prune(filters={"dangling": False})
    with untouched(alone), serving(alone):
        done = alone.kolla("container", "rollback", NAME, "--to", "2", expect=1)
    assert earlier in done.stderr and f"upgrade {NAME} --image {earlier}" in done.stderr


# The engine

@pytest.mark.parametrize("way", ["restart", "kill"])
def test_a_new_engine_process_loses_no_request(synthetic, way):
    """Which is also how the engine is upgraded."""
    number = generation(synthetic)
    with serving(synthetic) as answers:
        getattr(synthetic.engine, way)()
        if way == "kill":
            synthetic.engine.start()
        asked = len(answers.given)
        answers.wait_for(lambda: len(answers.given) > asked + 20)
        synthetic.kolla("container", "check", "synthetic-http")
    assert set(answers.given) == {number}


def test_commands_carry_on_after_the_engine_was_killed(synthetic):
    number = generation(synthetic)
    with serving(synthetic) as answers:
        synthetic.engine.kill()
        done = synthetic.kolla(*upgrade(0.2), expect=1)
        assert "cannot be reached" in done.stderr and "kolla host check" in done.stderr
        synthetic.kolla("set", "list")
        synthetic.engine.start()
        synthetic.kolla(*upgrade(0.2))
    assert set(answers.given) == {number, number + 1}


@pytest.mark.differs
def test_engine_killed_in_the_middle_of_an_upgrade_leaves_one_good_generation(synthetic):
    number = generation(synthetic)
    with serving(synthetic) as answers:
        with synthetic.spawned(*upgrade(5.0)) as process:
            line_of(process, "check synthetic-http")
            synthetic.engine.kill()
            _, errors = process.communicate(timeout=120)
        assert process.returncode == 1 and "kolla recover" in errors
        synthetic.engine.start()
        synthetic.kolla("recover")
        assert on_engine(synthetic)[f"{NAME}-g{number}"] == "running"
        assert f"{NAME}-g{number + 1}" not in on_engine(synthetic)
    assert set(answers.given) == {number}


@pytest.mark.exhaustive
def test_engine_that_hangs_in_the_middle_of_an_upgrade_costs_no_request(synthetic):
    number = generation(synthetic)
    with serving(synthetic) as answers:
        with synthetic.spawned("--set", "docker.timeout=3", *upgrade(1.0)) as process:
            line_of(process, "check synthetic-http")
            with hanging(synthetic.engine):
                _, errors = process.communicate(timeout=120)
                asked = len(answers.given)
                answers.wait_for(lambda: len(answers.given) > asked + 20)
        assert process.returncode == 1 and "kolla recover" in errors
        synthetic.kolla("recover")
        assert f"{NAME}-g{number + 1}" not in on_engine(synthetic)
    assert set(answers.given) == {number}


@contextlib.contextmanager
def hanging(engine: Engine) -> Iterator[None]:
    """It takes requests and answers none."""
    os.kill(engine.pid(), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(engine.pid(), signal.SIGCONT)


@pytest.mark.differs
def test_tool_killed_in_the_middle_of_an_upgrade_is_recovered_from(synthetic):
    number = generation(synthetic)
    for step in ("check synthetic-http", "drain synthetic-http"):
        with serving(synthetic) as answers:
            with synthetic.spawned(*upgrade(0.7)) as process:
                line_of(process, step)
                process.kill()
            synthetic.kolla("recover")
            last = history(synthetic)[-1]
            after = last["generation"] if "drain" in step else number
            assert last["state"] == ("current" if "drain" in step else "discarded")
            assert generation(synthetic) == after
        assert set(answers.given) <= {number, after}
        running = [name for name, state in on_engine(synthetic).items() if state == "running"]
        assert sorted(running) == [f"{NAME}-g{after}", *[n for n in running if "worker" in n]]
