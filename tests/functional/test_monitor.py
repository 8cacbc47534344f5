"""What an operator may rely on while `kolla monitor` runs: sick services serve again."""

import os
import signal

import pytest

from tests.functional.support.monitoring import (
    checked, healthy, incidents, process_of, quick, set_mood, starts,
)
from tests.functional.support.watching import generation, until

HTTP, WORKER = "synthetic-http", "synthetic-worker"


def test_a_container_whose_check_fails_is_restarted_with_evidence_and_serves_again(cared_for):
    deployment, monitor = cared_for
    before = starts(deployment, HTTP)
    set_mood(deployment, HTTP, "sick")
    monitor.says(f"{HTTP}: restarted (1 of 5 within the hour): feels sick")
    set_mood(deployment, HTTP, "")
    healthy(deployment)
    assert starts(deployment, HTTP) >= before + 1
    assert generation(deployment) == 1
    last = incidents(deployment, HTTP)[-1]
    assert last["who"] == "monitor" and last["detail"] == "feels sick"
    assert "check: feels sick" in last["evidence"] and "engine: running" in last["evidence"]
    shown = deployment.kolla("container", "show", HTTP, "-f", "json").json()
    assert shown["incidents"] and "feels sick" in shown["evidence"]
    assert starts(deployment, WORKER) == 1


def test_a_process_that_hangs_is_noticed_and_its_service_serves_again(cared_for):
    deployment, monitor = cared_for
    set_mood(deployment, HTTP, "hangs")
    monitor.says("kolla-check did not end within 5 s")
    set_mood(deployment, HTTP, "")
    healthy(deployment)
    assert generation(deployment) == 1


def test_a_process_that_dies_is_started_again_and_that_is_on_record(cared_for):
    deployment, monitor = cared_for
    until(lambda: checked(deployment, WORKER))
    os.kill(process_of(deployment, WORKER), signal.SIGKILL)
    monitor.says(f"{WORKER}: its process ended, and the engine started it again")
    until(lambda: starts(deployment, WORKER) == 2)
    healthy(deployment)
    last = until(lambda: incidents(deployment, WORKER))[-1]
    assert "by the engine" in last["detail"]


def test_a_container_removed_behind_our_back_comes_back_as_the_same_generation(cared_for):
    deployment, monitor = cared_for
    with deployment.engine.client() as client:
        client.containers.get(f"{WORKER}-g1").remove(force=True)
    monitor.says(f"{WORKER} is unhealthy: it is gone from the engine")
    healthy(deployment)
    with deployment.engine.client() as client:
        assert client.containers.get(f"{WORKER}-g1").status == "running"


@pytest.mark.exhaustive
@pytest.mark.parametrize("mood", ["babbles", "forks"])
def test_a_check_that_goes_mad_harms_nothing_else(cared_for, mood):
    deployment, monitor = cared_for
    set_mood(deployment, WORKER, mood)
    if mood == "babbles":
        monitor.says(f"{WORKER}: restarted")
    set_mood(deployment, WORKER, "")
    healthy(deployment)
    assert starts(deployment, HTTP) == 1


@pytest.mark.exhaustive
def test_what_keeps_failing_is_restarted_five_times_and_then_left_alone(cared_for):
    deployment, monitor = cared_for
    set_mood(deployment, WORKER, "sick")
    monitor.says(f"{WORKER} has failed: feels sick; restarted 5 times", seconds=120)
    assert starts(deployment, WORKER) == 6
    until(lambda: {row["container"]: row["health"] for row in quick(deployment)} == {
        HTTP: "healthy", WORKER: "failed",
    })
    with deployment.engine.client() as client:
        found = client.containers.get(f"{WORKER}-g1")
        assert found.attrs["HostConfig"]["RestartPolicy"]["Name"] == "no"
    set_mood(deployment, WORKER, "")
    monitor.says(f"{WORKER}: has recovered by itself")
    healthy(deployment)
    with deployment.engine.client() as client:
        found = client.containers.get(f"{WORKER}-g1")
        assert found.attrs["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert starts(deployment, WORKER) == 6


@pytest.mark.exhaustive
def test_what_dies_again_and_again_is_not_started_for_ever(cared_for):
    deployment, monitor = cared_for
    deployment.kolla("--set", "synthetic.worker_failure=exit", "--set",
                     "synthetic.worker_failure_after=3", "--set", "engine.probation=0",
                     "container", "upgrade", WORKER)
    monitor.says(f"{WORKER} has failed", seconds=180)
    with deployment.engine.client() as client:
        until(lambda: client.containers.get(f"{WORKER}-g2").status == "exited")
