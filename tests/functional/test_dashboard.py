"""Each panel of the dashboard shows something: a real Prometheus scrapes a real monitor."""

import contextlib
import json
import math
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest

from tests.functional.conftest import ROOT
from tests.functional.support.harness import SYNTHETIC
from tests.functional.support.monitoring import CONFIGURATION, healthy, monitoring
from tests.functional.support.watching import until

pytestmark = pytest.mark.exhaustive

BOARD = json.loads((ROOT / "etc" / "grafana" / "kolla.json").read_text())
PANELS = {panel["title"]: panel["targets"][0]["expr"] for panel in BOARD["panels"]}
MARKS = {mark["name"]: mark["target"]["expr"] for mark in BOARD["annotations"]["list"]}
SCRAPE = """\
global: {{scrape_interval: 10s}}
scrape_configs:
  - job_name: kolla
    static_configs: [{{targets: ["{address}:9555"]}}]
"""
PORT = 9090
#: Seconds, on a busy machine.
PATIENCE = 300


@contextlib.contextmanager
def prometheus(address: str, folder) -> Iterator[None]:
    """One that scrapes the monitor of this address every ten seconds."""
    (folder / "prometheus.yml").write_text(SCRAPE.format(address=address))
    process = subprocess.Popen(
        ["prometheus", f"--config.file={folder}/prometheus.yml",
         f"--storage.tsdb.path={folder}/db",
         f"--web.listen-address={address}:{PORT}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def answered(deployment, builder, synthetic_images, tmp_path_factory):
    """A function: the values with which Prometheus answers a query of the dashboard.

    MariaDB, which has a certificate, and the synthetic service run; the latter was upgraded and
    rolled back under the monitor's eyes.
    """
    builder.only("mariadb", release="2026.1")
    deployment.install_plugin(SYNTHETIC)
    deployment.configure("[host]\nenabled = mariadb, synthetic\n[database]\ntls = true\n")
    deployment.configure(CONFIGURATION, "20-monitor")
    for words in (("config", "passwords"), ("config", "certificates"), ("set", "start")):
        deployment.kolla(*words)

    began = time.time()

    def ask(query: str) -> list[float]:
        for name in ("instance", "container"):
            query = query.replace(f"${name}", ".+")
        words = urllib.parse.urlencode(
            {"query": query, "start": began, "end": time.time(), "step": 5})
        url = f"http://{deployment.address}:{PORT}/api/v1/query_range?{words}"
        try:
            with urllib.request.urlopen(url) as answer:
                found = json.load(answer)["data"]["result"]
        except OSError:
            return []  # it still starts
        values = [float(value) for series in found for _, value in series["values"]]
        return [value for value in values if not math.isnan(value)]

    with (
        monitoring(deployment),
        prometheus(deployment.address, tmp_path_factory.mktemp("prometheus")),
    ):
        healthy(deployment, seconds=PATIENCE)
        until(lambda: ask("kolla_container_changes_total"), PATIENCE)
        deployment.kolla("container", "upgrade", "synthetic-http", "--release", "2026.2")
        deployment.kolla("container", "rollback", "synthetic-http")
        yield ask


@pytest.mark.parametrize("mark", MARKS)
def test_an_upgrade_and_a_rollback_are_marked(answered, mark):
    until(lambda: answered(MARKS[mark]), PATIENCE)


@pytest.mark.parametrize("title", PANELS)
def test_a_panel_has_values(answered, title):
    until(lambda: answered(PANELS[title]), PATIENCE)
