"""The monitor tells hooks and Prometheus, and neither can harm it."""

import json
import socket
import subprocess

import pytest

from tests.functional.conftest import SYNTHETIC
from tests.functional.support.monitoring import healthy, monitoring, set_mood, starts
from tests.functional.support.watching import get, until

HTTP, WORKER = "synthetic-http", "synthetic-worker"
CHAIN = SYNTHETIC.parent / "chain"
PORT = 9555


def restarted_once(deployment) -> None:
    """It is ill, is restarted, and is well again."""
    times = starts(deployment, WORKER)
    set_mood(deployment, WORKER, "sick")
    until(lambda: starts(deployment, WORKER) > times)
    set_mood(deployment, WORKER, "")
    healthy(deployment)


@pytest.mark.exhaustive
def test_hooks_hear_of_an_illness_and_one_that_hangs_harms_nothing(unwatched, tmp_path):
    deployment = unwatched
    script, told = tmp_path / "script", tmp_path / "told"
    script.write_text(f"#!/bin/sh\ncat >>{told}\necho >>{told}\n")
    script.chmod(0o755)
    deployment.install_plugin(CHAIN)
    deployment.configure(
        f"[hooks]\nenabled = chain-hangs, command\ncommand = {script}\nwait = 1\n", "30-hooks"
    )

    def events() -> list[tuple]:
        found = map(json.loads, told.read_text().splitlines() if told.exists() else [])
        return [(event["kind"], event["container"], event["set"]) for event in found]

    with monitoring(deployment) as monitor:
        healthy(deployment)
        restarted_once(deployment)
        monitor.says("the hook chain-hangs hangs: told 1 s ago of")
        until(lambda: ("healthy", None, "synthetic") in events())
        assert len([line for line in monitor.said if "chain-hangs" in line]) == 1
    seen = events()
    expected = [
        ("unhealthy", WORKER, "synthetic"), ("degraded", None, "synthetic"),
        ("restarted", WORKER, "synthetic"), ("healthy", WORKER, "synthetic"),
    ]
    assert [event for event in seen if event in expected][:4] == expected


@pytest.mark.exhaustive
def test_a_port_that_is_taken_is_one_line_and_the_monitor_does_its_work(unwatched):
    deployment = unwatched
    with socket.create_server((deployment.address, PORT)) as other:
        with monitoring(deployment) as monitor:
            taken = f"port {PORT} of {deployment.address} is in use by"
            monitor.says(taken)
            healthy(deployment)
            restarted_once(deployment)
            other.close()
            monitor.says(f"the endpoint listens on port {PORT} of {deployment.address}")
            assert json.loads(get(deployment.address, PORT, "/sets/synthetic"))
            assert len([line for line in monitor.said if taken in line]) == 1


def test_prometheus_understands_what_it_gets_and_can_count_restarts(cared_for):
    deployment, _ = cared_for
    before = get(deployment.address, PORT, "/metrics")
    restarted_once(deployment)
    text = get(deployment.address, PORT, "/metrics")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    restarts = f'kolla_container_restarts_total{{by="monitor",container="{WORKER}"}}'
    assert f"{restarts} 0.0" in before and f"{restarts} 0.0" not in text
    assert f'kolla_container_generation{{container="{HTTP}"}} 1.0' in text
    assert 'set="synthetic",status="healthy"} 1.0' in text
    done = "kolla_container_check_duration_seconds_count"
    assert f'{done}{{container="{HTTP}"}}' in text
