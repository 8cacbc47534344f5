"""The monitor never fights an operator, and takes back what does not survive its probation."""

import json
import os
import signal
import urllib.error
import urllib.request

import pytest

from tests.functional.conftest import SYNTHETIC
from tests.functional.support.monitoring import (
    CONFIGURATION, Monitor, healthy, incidents, journal, monitoring, quick, set_mood, starts,
    wait_for_checks,
)
from tests.functional.support.watching import generation, serving, until

HTTP, WORKER = "synthetic-http", "synthetic-worker"


def health(deployment, container: str) -> str:
    return {row["container"]: row["health"] for row in quick(deployment)}[container]


def ask(deployment, path: str) -> tuple[int, dict]:
    """What the endpoint answers."""
    try:
        with urllib.request.urlopen(f"http://{deployment.address}:9555{path}") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_generation_that_turns_unhealthy_in_its_probation_is_rolled_back(cared_for):
    deployment, monitor = cared_for
    deployment.configure(CONFIGURATION.replace("probation = 4", "probation = 600"), "20-monitor")
    monitor.process.send_signal(signal.SIGHUP)
    monitor.says("watches the containers of", times=2)
    deployment.kolla(
        "--set", "synthetic.http_failure=check", "--set", "synthetic.http_failure_after=4",
        "container", "upgrade", HTTP,
    )
    with serving(deployment) as answers:
        monitor.says(f"{HTTP}: rolled back: unhealthy in its probation: the check is told to fail")
        answers.wait_for(lambda: answers.given[-1] == 3)
    healthy(deployment)
    bad, good = deployment.kolla("container", "history", HTTP, "-f", "json").json()[1:]
    assert (bad["state"], good["state"]) == ("rolled back", "current")
    assert "the check is told to fail" in bad["reason"]
    shown = deployment.kolla("container", "show", HTTP, "--generation", "2", "-f", "json").json()
    assert "check: the check is told to fail" in shown["evidence"]
    assert incidents(deployment, HTTP)[-1]["action"] == "rollback"
    assert starts(deployment, WORKER) == 1


def test_what_confirms_itself_does_so_at_the_end_of_its_probation(
    fresh_deployment, synthetic_images
):
    deployment = fresh_deployment
    deployment.install_plugin(SYNTHETIC)
    deployment.install_plugin(SYNTHETIC.with_name("chain"))
    deployment.configure("[host]\nenabled = chain\n", "10-host")
    deployment.configure(CONFIGURATION, "20-monitor")
    deployment.kolla("config", "passwords")
    deployment.kolla("set", "start")
    with monitoring(deployment) as monitor:
        monitor.says("chain-third: has survived its probation and is confirmed")
        until(lambda: "contract 1" in journal(deployment, "chain-third"))
    assert "contract 1" not in journal(deployment, "chain-second")


@pytest.mark.exhaustive
def test_a_process_that_crashes_in_its_probation_is_started_by_the_engine_alone(cared_for):
    deployment, monitor = cared_for
    monitor.end("kill")
    deployment.kolla("--set", "synthetic.worker_start_delay=0.1", "container", "upgrade", WORKER)
    before = starts(deployment, WORKER)
    with deployment.engine.client() as client:
        os.kill(client.containers.get(f"{WORKER}-g2").attrs["State"]["Pid"], signal.SIGKILL)
    until(lambda: starts(deployment, WORKER) == before + 1)


def test_what_is_stopped_on_purpose_stays_stopped(cared_for):
    deployment, monitor = cared_for
    deployment.kolla("container", "stop", WORKER)
    wait_for_checks(deployment, HTTP, 4)
    assert health(deployment, WORKER) == "stopped"
    with deployment.engine.client() as client:
        assert client.containers.get(f"{WORKER}-g1").status == "exited"
    deployment.kolla("container", "start", WORKER)
    healthy(deployment)
    assert not [line for line in monitor.said if WORKER in line and "restarted" in line]


def test_a_container_in_maintenance_is_watched_and_left_alone_until_it_ends(cared_for):
    deployment, monitor = cared_for
    row, = deployment.kolla(
        "container", "maintenance", "on", WORKER, "--for", "6s", "-f", "json"
    ).json()
    assert row["maintenance"].startswith("until 20")
    set_mood(deployment, WORKER, "sick")
    monitor.says(f"{WORKER} is in maintenance")
    assert health(deployment, WORKER) == "maintenance"
    assert ask(deployment, f"/containers/{WORKER}")[0] == 503
    wait_for_checks(deployment, WORKER, 2)
    assert starts(deployment, WORKER) == 1
    monitor.says(f"{WORKER}: restarted")
    set_mood(deployment, WORKER, "")
    healthy(deployment)


@pytest.mark.exhaustive
def test_a_whole_set_goes_into_maintenance_and_comes_back(cared_for):
    deployment, _ = cared_for
    deployment.kolla("set", "maintenance", "on", "synthetic")
    until(lambda: ask(deployment, "/sets/synthetic")[1]["status"] == "maintenance")
    deployment.kolla("set", "maintenance", "off", "synthetic")
    until(lambda: ask(deployment, "/sets/synthetic")[0] == 200)


@pytest.mark.exhaustive
def test_the_engine_may_be_restarted_under_the_monitor(cared_for):
    deployment, monitor = cared_for
    with serving(deployment):
        deployment.engine.kill()
        monitor.says("nothing is judged until it answers")
        until(lambda: ask(deployment, "/sets/synthetic")[1]["status"] != "healthy")
        status, page = ask(deployment, f"/containers/{HTTP}")
        assert (status, page["status"], page["serves"]) == (200, "unknown", True)
        assert ask(deployment, "/sets/synthetic")[0] == 200
        deployment.engine.start()
        monitor.says("the engine answers again")
    healthy(deployment)
    assert (starts(deployment, HTTP), starts(deployment, WORKER)) == (1, 1)
    assert len([line for line in monitor.said if "nothing is judged" in line]) == 1


@pytest.mark.exhaustive
def test_a_paused_container_is_reported_and_left_alone(cared_for):
    deployment, monitor = cared_for
    with deployment.engine.client() as client:
        client.containers.get(f"{WORKER}-g1").pause()
        monitor.says(f"{WORKER} is paused")
        asked = deployment.kolla("container", "check", WORKER, "-f", "json", expect=1).json()
        assert [row["health"] for row in asked] == ["paused"]
        wait_for_checks(deployment, HTTP, 4)
        client.containers.get(f"{WORKER}-g1").unpause()
    healthy(deployment)
    assert starts(deployment, WORKER) == 1


@pytest.mark.exhaustive
def test_a_long_upgrade_of_one_container_keeps_nobody_from_caring_for_another(cared_for):
    deployment, monitor = cared_for
    with deployment.spawned(
        "--set", "synthetic.http_start_delay=4", "container", "upgrade", HTTP
    ) as upgrade:
        set_mood(deployment, WORKER, "sick")
        monitor.says(f"{WORKER}: restarted")
        set_mood(deployment, WORKER, "")
        _, errors = upgrade.communicate(timeout=60)
        assert upgrade.returncode == 0, errors
    healthy(deployment)
    assert generation(deployment) == 2
    assert not [line for line in monitor.said if HTTP in line and "restarted" in line]


@pytest.mark.exhaustive
def test_a_killed_command_is_cleaned_up_by_the_monitor(cared_for):
    deployment, monitor = cared_for
    with deployment.spawned(
        "--set", "synthetic.http_start_delay=60", "container", "upgrade", HTTP
    ) as upgrade:
        with deployment.engine.client() as client:
            until(lambda: client.containers.list(filters={"name": f"{HTTP}-g2"}))
        os.killpg(upgrade.pid, signal.SIGKILL)
        upgrade.wait()
    monitor.says(f"{HTTP}: what a killed command left is tidied up", seconds=90)
    with deployment.engine.client() as client:
        assert not client.containers.list(all=True, filters={"name": f"{HTTP}-g2"})
    assert generation(deployment) == 1


def test_a_second_monitor_is_refused(cared_for):
    deployment, _ = cared_for
    refused = deployment.kolla("monitor", expect=1)
    assert "another `kolla monitor` watches" in refused.stderr


def test_a_broken_configuration_is_reported_and_the_monitor_goes_on(cared_for):
    deployment, monitor = cared_for
    broken = deployment.configure("[monitor]\nretry_pause = soon\n", "95-broken")
    monitor.process.send_signal(signal.SIGHUP)
    monitor.says("the configuration stays as it was")
    broken.unlink()
    set_mood(deployment, WORKER, "sick")
    monitor.says(f"{WORKER}: restarted")


@pytest.mark.exhaustive
def test_the_budget_survives_a_crash_of_the_monitor(cared_for, tmp_path):
    deployment, monitor = cared_for
    set_mood(deployment, WORKER, "sick")
    monitor.says(f"{WORKER}: restarted (2 of 5")
    monitor.end("kill")
    again = Monitor(deployment, tmp_path / "log")
    try:
        again.says(f"{WORKER}: restarted (3 of 5", seconds=90)
    finally:
        assert again.end() == 0


@pytest.mark.exhaustive
def test_without_a_monitor_the_quick_answer_says_that_nobody_asks(cared_for):
    deployment, monitor = cared_for
    assert deployment.kolla("set", "check", "--quick").exit_code == 0
    monitor.end()
    until(lambda: {row["health"] for row in quick(deployment)} == {"unknown"}, 90)
    assert deployment.kolla("set", "check", "--quick", expect=1).exit_code == 1
    assert all("is kolla-monitor running?" in row["detail"] for row in quick(deployment))
