"""A new generation that is wrong in any way is refused with a reason, and the old one serves."""

import contextlib
import dataclasses
import os
import re
import socket

import pytest

from tests.functional.support import backends
from tests.functional.support.harness import Deployment, derive
from tests.functional.support.watching import generation, serving, untouched

BACKENDS = backends.BOTH

NAME = "synthetic-http"


@pytest.fixture(scope="module")
def bad_images(engine, synthetic_images):
    """Images that cannot serve, by their fault."""
    good, _ = synthetic_images
    return {
        "does not start": derive(engine, good, "kolla-test/nowhere", 'ENTRYPOINT ["/nowhere"]'),
        "exits": derive(
            engine, good, "kolla-test/exits", kolla_start="#!/bin/sh\necho no flux; exit 3\n"
        ),
        "fails its check": derive(
            engine, good, "kolla-test/unwell", kolla_check="#!/bin/sh\necho feels unwell; exit 1\n"
        ),
        "has no check": derive(
            engine, good, "kolla-test/mute", kolla_check="#!/nowhere/sh\n"
        ),
    }


@dataclasses.dataclass
class Refusal:
    """What an operator is told of an upgrade that failed, at once and later."""

    row: dict
    told: str
    generation: dict
    history: dict


def refuse(deployment: Deployment, name: str, *arguments: str) -> Refusal:
    """An upgrade that must fail and change nothing that counts."""
    options = arguments[:-2] if "--image" in arguments else arguments
    image = arguments[len(options):]
    done = deployment.kolla(*options, "container", "upgrade", name, *image, "-f", "json", expect=1)
    (row,) = done.json()
    assert (row["outcome"], row["before"]) == ("failed", row["after"])
    last = deployment.kolla("container", "history", name, "-f", "json").json()[-1]
    shown = deployment.kolla(
        "container", "show", name, "--generation", str(last["generation"]), "-f", "json"
    ).json()
    assert last["generation"] > row["before"]
    assert (last["state"], last["rollback"]) == ("refused", False)
    assert last["reason"] in row["reason"]
    return Refusal(row, done.stderr, shown, last)


def assert_old_one_is_as_before(deployment: Deployment, name: str, number: int) -> None:
    (health,) = deployment.kolla("container", "check", name, "-f", "json").json()
    assert (health["generation"], health["health"]) == (number, "healthy")
    with deployment.engine.client() as client:
        found = client.containers.list(all=True, filters={"label": f"kolla.container={name}"})
        running = [container.name for container in found if container.status == "running"]
    assert running == [f"{name}-g{number}"]


CASES = {
    "exit": ("it exited with code 1", "kolla-start: told to exit"),
    "check": ("its check did not pass within 5 s", "check: the check is told to fail"),
    "join": ("it cannot take its public address", "check: the join is told to fail"),
}


@pytest.mark.parametrize("failure", CASES)
def test_generation_that_fails_leaves_the_old_one_serving(synthetic, failure):
    reason, evidence = CASES[failure]
    number = generation(synthetic)
    with serving(synthetic) as answers:
        refusal = refuse(synthetic, NAME, "--set", f"synthetic.http_failure={failure}")
    assert set(answers.given) == {number}
    assert reason in refusal.history["reason"]
    assert f"generation {number} serves" in refusal.row["reason"]
    for told in (refusal.told, refusal.generation["evidence"]):
        assert evidence in told
    assert_old_one_is_as_before(synthetic, NAME, number)


IMAGES = {
    "does not start": ("does not start synthetic-http-g", "/nowhere"),
    "exits": ("it exited with code 3", "no flux"),
    "fails its check": ("its check did not pass within 5 s", "check: feels unwell"),
    "has no check": ("its check did not pass within 5 s", "kolla-check"),
}


@pytest.mark.parametrize("flaw", IMAGES)
def test_bad_image_leaves_the_old_generation_serving(synthetic, bad_images, flaw):
    reason, evidence = IMAGES[flaw]
    number = generation(synthetic)
    with serving(synthetic) as answers:
        refusal = refuse(synthetic, NAME, "--image", bad_images[flaw])
    assert set(answers.given) == {number}
    assert reason in refusal.history["reason"]
    assert evidence in refusal.told
    assert evidence in refusal.generation["reason"] + refusal.generation["evidence"]
    assert_old_one_is_as_before(synthetic, NAME, number)


def test_refused_image_is_no_pin_and_the_next_upgrade_is_unchanged(synthetic, bad_images):
    refuse(synthetic, NAME, "--image", bad_images["exits"])
    (row,) = synthetic.kolla("container", "upgrade", NAME, "-f", "json").json()
    assert row["outcome"] == "unchanged"


@pytest.mark.parametrize("failure", ["exit", "check"])
def test_worker_that_fails_makes_way_for_the_old_one_again(synthetic, failure):
    (before,) = synthetic.kolla("container", "check", "synthetic-worker", "-f", "json").json()
    refusal = refuse(synthetic, "synthetic-worker", "--set", f"synthetic.worker_failure={failure}")
    reason, evidence = CASES[failure]
    assert reason in refusal.row["reason"] and evidence in refusal.generation["evidence"]
    assert_old_one_is_as_before(synthetic, "synthetic-worker", before["generation"])


def test_expansion_that_fails_happens_before_anything_is_stopped(synthetic, synthetic_images):
    _, later = synthetic_images
    number = generation(synthetic)
    with serving(synthetic) as answers:
        refusal = refuse(
            synthetic, NAME, "--set", "synthetic.http_failure=expand", "--image", later
        )
    assert set(answers.given) == {number}
    assert "the task expand ended with exit code 1" in refusal.row["reason"]
    assert "expand is told to fail" in refusal.generation["evidence"]


@pytest.mark.differs
def test_first_start_that_fails_leaves_nothing_running(synthetic):
    synthetic.kolla("container", "delete", "synthetic-worker", "--yes")
    done = synthetic.kolla("--set", "synthetic.worker_failure=exit", "container", "start",
                           "synthetic-worker", "-f", "json", expect=1)
    assert "synthetic-worker does not run" in done.json()[0]["reason"]
    assert "told to exit" in done.stderr
    with synthetic.engine.client() as client:
        assert not client.containers.list(
            all=True, filters={"label": "kolla.container=synthetic-worker"}
        )
    (row,) = synthetic.kolla("container", "start", "synthetic-worker", "-f", "json").json()
    assert row["outcome"] == "done"


@contextlib.contextmanager
def another_program(address: str, port: int):
    with socket.create_server((address, port)):
        yield


def test_port_that_another_program_holds_is_named_with_its_holder(synthetic):
    def refused(port: int, *command: str) -> None:
        with another_program(synthetic.address, port), untouched(synthetic):
            done = synthetic.kolla(*command, NAME, expect=1)
        holder = rf"port {port} is in use by .* \({os.getpid()}\)"
        assert re.search(holder, done.stderr), done.stderr

    with serving(synthetic):
        refused(18997, "--set", "synthetic.port=18997", "container", "upgrade")
    synthetic.kolla("container", "stop", NAME)
    refused(18999, "container", "start")
    synthetic.kolla("container", "delete", NAME, "--yes")
    refused(18999, "container", "start")
    synthetic.kolla("container", "start", NAME)


UNTOUCHED = {
    "image that is not there": (
        ("--image", "kolla/synthetic:nowhere"), ["no image kolla/synthetic:nowhere"]),
    "release that is not built": (
        ("--release", "2027.1"),
        ["kolla/synthetic:2027.1 is not built", "kolla image build synthetic --release 2027.1"]),
    "release too far away": (
        ("--release", "2027.2"), ["2026.1 cannot go to 2027.2 in one step", "2026.2 first"]),
    "release that is older": (
        ("--release", "2025.2"), ["2025.2 is older than 2026.1", "kolla container rollback"]),
}


@pytest.mark.parametrize("what", UNTOUCHED)
def test_what_cannot_be_run_is_refused_before_anything_is_touched(synthetic, what):
    arguments, told = UNTOUCHED[what]
    with untouched(synthetic):
        done = synthetic.kolla("container", "upgrade", NAME, *arguments, expect=1)
    assert all(text in done.stderr for text in told), done.stderr


OPTIONS = {
    "debgu = true": "the service has no such option",
    "workers = many": "'many'",
    "workers = 0": "0",
    "level = middle": "middle",
}


@pytest.mark.parametrize("line", OPTIONS)
def test_bad_option_of_the_service_is_refused_before_anything_is_touched(synthetic, line):
    path = synthetic.configure(f"[synthetic-http/DEFAULT]\n{line}\n", "80-bad")
    with untouched(synthetic), serving(synthetic):
        done = synthetic.kolla("container", "upgrade", NAME, expect=1)
    path.unlink()
    assert f"{path}:2" in done.stderr and OPTIONS[line] in done.stderr
    if "debgu" in line:
        assert "debug" in done.stderr


def test_a_container_that_may_not_stop_is_left_alone_unless_somebody_insists(synthetic):
    synthetic.configure("[host]\nenabled = synthetic, synthetic-agent\n", "10-host")
    forbids = ("--set", "synthetic.agent_failure=may-stop")
    synthetic.kolla(*forbids, "container", "start", "synthetic-agent")
    refusal = synthetic.kolla("container", "stop", "synthetic-agent", "synthetic-worker", expect=1)
    assert "synthetic-agent forbids its stop: kolla-may-stop: somebody needs it, so no stop" in (
        refusal.stderr)
    (health,) = synthetic.kolla("container", "check", "synthetic-worker", "-f", "json").json()
    assert health["health"] == "healthy"
    (row,) = synthetic.kolla(
        "container", "delete", "synthetic-agent", "--force", "--yes", "-f", "json").json()
    assert row["outcome"] == "done"
