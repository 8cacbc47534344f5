"""What goes wrong around the monitor is told on one line, and harms nothing else."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import time
import urllib.request

import pytest

from tests.functional.support.ageing import ageing
from tests.functional.support.harness import SYNTHETIC, Deployment
from tests.functional.support.monitoring import (
    CONFIGURATION, Monitor, checked, healthy, incidents, monitoring, process_of, set_mood,
    starts, wait_for_checks,
)
from tests.functional.support.watching import generation, until

CHAIN = pathlib.Path(__file__).parent / "chain"
HTTP, WORKER = "synthetic-http", "synthetic-worker"


def lines(monitor: Monitor, text: str) -> list[str]:
    return [line for line in monitor.said if text in line]


@pytest.mark.exhaustive
def test_a_check_that_fails_every_second_time_is_said_to_flap_and_never_restarted(cared_for):
    deployment, monitor = cared_for
    set_mood(deployment, WORKER, "flaps")
    monitor.says(f"{WORKER} flaps: 3 of its last")
    wait_for_checks(deployment, WORKER, 8)
    set_mood(deployment, WORKER, "")
    assert len(lines(monitor, f"{WORKER} flaps")) == 1
    assert not lines(monitor, f"{WORKER}: restarted") and starts(deployment, WORKER) == 1


@pytest.mark.exhaustive
def test_checks_that_have_to_wait_for_each_other_are_told_once_and_are_no_failures(cared_for):
    deployment, monitor = cared_for
    monitor.end()
    deployment.configure("[monitor]\nparallel = 1\n", "30-parallel")
    with monitoring(deployment) as again:
        set_mood(deployment, WORKER, "slow")
        again.says("checks come late, that of ")
        wait_for_checks(deployment, HTTP, 4)
        assert len(lines(again, "checks come late")) == 1
        assert not lines(again, "unhealthy")
    assert [starts(deployment, name) for name in (HTTP, WORKER)] == [1, 1]


def test_a_check_that_hangs_keeps_nobody_from_noticing_what_dies(cared_for):
    deployment, monitor = cared_for
    monitor.end()
    set_mood(deployment, WORKER, "hangs")
    deployment.configure(f"[monitor]\nparallel = 1\ntimeout = {WORKER}:300\n", "30-slow")
    with monitoring(deployment) as again:
        until(lambda: hanging(deployment))
        checking = hanging(deployment)
        os.kill(process_of(deployment, HTTP), signal.SIGKILL)
        again.says(f"{HTTP}: its process ended, and the engine started it again")
        assert checking == hanging(deployment)
        assert again.end() == 0  # within its minute


def hanging(deployment: Deployment) -> list[str]:
    """The processes of the worker's check."""
    with deployment.engine.client() as client:
        processes = client.containers.get(f"{WORKER}-g1").top()["Processes"]
    return [process[1] for process in processes if "kolla-check" in process[-1]]


def test_a_container_that_is_killed_for_its_use_of_memory_is_told_so(cared_for):
    deployment, monitor = cared_for
    with deployment.engine.client() as client:
        found = client.containers.get(f"{WORKER}-g1")
        found.update(mem_limit="64m", memswap_limit="64m")
        for process in found.top()["Processes"]:
            with contextlib.suppress(OSError):  # one of a check that has just ended
                pathlib.Path(f"/proc/{process[1]}/oom_score_adj").write_text("1000")
        found.exec_run(["python3", "-c", "bytearray(10**9)"])
    monitor.says(f"{WORKER}: out of memory, and the engine started it again")
    healthy(deployment)
    last = until(lambda: incidents(deployment, WORKER))[-1]
    assert last["detail"] == "by the engine: out of memory"
    assert starts(deployment, HTTP) == 1


@pytest.mark.exhaustive
def test_a_taken_port_of_the_endpoint_is_told_once_and_had_as_soon_as_it_is_free(cared_for):
    deployment, monitor = cared_for
    monitor.end()
    with socket.create_server((deployment.address, 9555)) as taken:
        with monitoring(deployment) as again:
            again.says("the endpoint has no address to listen on: port 9555")
            set_mood(deployment, WORKER, "sick")
            again.says(f"{WORKER}: restarted")
            set_mood(deployment, WORKER, "")
            healthy(deployment)
            taken.close()
            again.says("the endpoint listens on port 9555")
            assert len(lines(again, "the endpoint has no address")) == 1


@pytest.mark.exhaustive
def test_hooks_that_hang_or_raise_are_told_once_and_keep_nobody_from_anything(
    fresh_deployment, synthetic_images, tmp_path, monkeypatch
):
    notes = tmp_path / "notes"
    monkeypatch.setenv("KOLLA_TEST_NOTES", str(notes))
    deployment = fresh_deployment
    deployment.install_plugin(SYNTHETIC)
    deployment.install_plugin(CHAIN)
    deployment.configure("[host]\nenabled = synthetic\n", "10-host")
    deployment.configure(CONFIGURATION, "20-monitor")
    deployment.kolla("config", "passwords")
    deployment.kolla("set", "start")
    hooks = "[hooks]\nenabled = chain-hangs, chain-broken, chain-note\nwait = 1\n"
    deployment.configure(hooks, "30-hooks")
    with monitoring(deployment) as monitor:
        healthy(deployment)
        set_mood(deployment, WORKER, "sick")
        monitor.says(f"{WORKER}: restarted (2 of 5")
        set_mood(deployment, WORKER, "")
        monitor.says("the hook chain-hangs hangs")
        healthy(deployment)
        until(lambda: f"unhealthy {WORKER} synthetic 1 done\n" in notes.read_text())
        assert monitor.end() == 0
        assert len(lines(monitor, "the hook chain-hangs hangs")) == 1
        assert len(lines(monitor, "the hook chain-broken failed: RuntimeError")) == 1
        assert not lines(monitor, "Traceback")
    assert starts(deployment, HTTP) == 1


def test_systemd_is_told_of_every_step_and_of_life_in_between(cared_for, tmp_path, monkeypatch):
    deployment, monitor = cared_for
    monitor.end()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "1000000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)

        def hears(expected: str) -> str:
            while not (said := systemd.recv(4096).decode()).startswith(expected):
                assert said == "WATCHDOG=1", f"{said!r} came before {expected}"
            return said

        with monitoring(deployment) as again:
            assert "STATUS=watches the containers of testhost" in hears("READY=1")
            began = time.monotonic()
            for _ in range(6):
                assert systemd.recv(4096) == b"WATCHDOG=1"
            assert time.monotonic() - began > 2
            again.process.send_signal(signal.SIGHUP)
            assert "MONOTONIC_USEC=" in hears("RELOADING=1")
            hears("READY=1")
            os.kill(again.process.pid, signal.SIGTERM)
            hears("STOPPING=1")


@pytest.mark.exhaustive
def test_a_state_file_that_was_lost_and_made_again_is_followed(cared_for):
    deployment, monitor = cared_for
    for path in deployment.state_dir.glob("kolla.sqlite*"):
        path.unlink()
    monitor.says(f"the state file {deployment.state_dir}/kolla.sqlite is gone")
    deployment.kolla("recover")
    monitor.says("the state file is read anew")
    deployment.kolla("container", "restart", HTTP)
    number = generation(deployment)
    until(lambda: shown(deployment, HTTP) == ("healthy", number), 30)
    assert not lines(monitor, "unhealthy")


@pytest.mark.exhaustive
def test_an_engine_that_ends_its_support_of_an_api_is_spoken_to_in_another(cared_for, tmp_path):
    deployment, monitor = cared_for
    monitor.end()
    with ageing(tmp_path / "engine.sock", deployment.engine) as engine:
        deployment.configure(f"[docker]\nurl = {engine.url}\n", "30-engine")
        with monitoring(deployment) as again:
            until(lambda: checked(deployment, WORKER))
            engine.upgrade()
            again.says("the engine answers again")
            os.kill(process_of(deployment, WORKER), signal.SIGKILL)
            again.says(f"{WORKER}: its process ended, and the engine started it again")
            until(lambda: shown(deployment, WORKER) == ("healthy", 1), 30)


def shown(deployment: Deployment, container: str) -> tuple[str, int] | None:
    """What the endpoint answers load balancers; None if that is no 200."""
    url = f"http://{deployment.address}:9555/containers/{container}"
    try:
        with urllib.request.urlopen(url) as answer:
            page = json.load(answer)
            return page["status"], page["generation"]
    except OSError:
        return None
