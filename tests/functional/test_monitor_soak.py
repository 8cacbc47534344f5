"""No false alarm: on a machine that has too much to do, nothing that is well is restarted.

It comes last, since it slows everything else down. ``KOLLA_TEST_SOAK`` says for how many
seconds (300; an hour shows more).
"""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.functional.support.monitoring import healthy, monitoring, start_crowd, starts

MEMBERS = 24
ALARMS = ("restarted", "unhealthy", "degraded", "failed", "flaps", "not be asked", "process ended")

pytestmark = [pytest.mark.last, pytest.mark.exhaustive]


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that want a core each."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def checks(deployment) -> tuple[float, float]:
    """How many have run, and how many of them failed."""
    url = f"http://{deployment.address}:9555/metrics"
    with urllib.request.urlopen(url, timeout=30) as answer:
        rows = [line.rpartition(" ") for line in answer.read().decode().splitlines()]
    return tuple(
        sum(float(value) for name, _, value in rows if name.startswith(f"{what}{{"))
        for what in ("kolla_container_check_duration_seconds_count",
                     "kolla_container_check_failures_total")
    )


def test_nothing_that_is_well_is_restarted_while_the_machine_is_busy(
    fresh_deployment, synthetic_images
):
    seconds = float(os.environ.get("KOLLA_TEST_SOAK", 300))
    names = [*start_crowd(fresh_deployment, MEMBERS), "crowd-database"]
    with monitoring(fresh_deployment) as monitor:
        healthy(fresh_deployment)
        before, _ = checks(fresh_deployment)
        with busy(os.cpu_count() + 2):
            time.sleep(seconds)
            after, failed = checks(fresh_deployment)
        print(f"{after - before:.0f} checks, {failed:.0f} of them failed")
        assert [line for line in monitor.said if any(alarm in line for alarm in ALARMS)] == []
    assert [starts(fresh_deployment, name) for name in names] == [1] * len(names)
    # Each was asked every few seconds, though everything takes its time.
    assert after - before > len(names) * seconds / 20
