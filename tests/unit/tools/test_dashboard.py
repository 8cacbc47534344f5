"""The dashboard shows metrics that exist, and is what its script makes."""

import json
import pathlib
import re
import shutil
import subprocess
import types

import pytest

from tests.unit.support.view import View

from kolla.health.conditions import STATUSES
from kolla.monitor.metrics import Metrics

ROOT = pathlib.Path(__file__).parents[3]
BOARD = json.loads((ROOT / "etc/grafana/kolla.json").read_text())
#: It has a collector of its own, for the certificates that there are.
EXPIRY = "kolla_container_certificate_expiry_timestamp_seconds"
#: Those of a series that the metric is made of.
PARTS = re.compile("_(bucket|sum|count|total)$")


def queries() -> list[str]:
    told = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    told += [variable["query"] for variable in BOARD["templating"]["list"]]
    return told + [mark["target"]["expr"] for mark in BOARD["annotations"]["list"]]


def served() -> set[str]:
    view = View()
    view.disk = lambda: types.SimpleNamespace(used=1, free=1)
    collected = {family.name for family in Metrics(view).registry.collect()}
    return {PARTS.sub("", name) for name in collected} | {EXPIRY}


def test_every_metric_of_the_dashboard_is_served():
    shown = {name for query in queries() for name in re.findall(r"\bkolla_\w+", query)}
    assert len(shown) > 12
    assert {PARTS.sub("", name) for name in shown} <= served()


def test_every_label_value_that_it_asks_for_can_be():
    text = " ".join(queries())
    found = re.findall('status=~"([^"]*)"', text)
    told = {status for each in found for status in each.split("|")}
    assert told and told <= set(STATUSES)
    assert set(re.findall('kind="([^"]*)"', text)) == {"upgraded", "rolled back"}


@pytest.mark.skipif(not shutil.which("promtool"), reason="there is no promtool")
def test_prometheus_understands_every_query(tmp_path):
    asked = [query for query in queries() if not query.startswith("label_values(")]
    rules = [{"record": f"query:{place}", "expr": query} for place, query in enumerate(asked)]
    path = tmp_path / "queries.json"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_two_panels_overlap():
    taken = [
        (x, y) for panel in BOARD["panels"] for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken)) and max(x for x, _ in taken) < 24


def test_it_is_what_its_script_makes():
    assert subprocess.run([ROOT / "tools/dashboard", "--check"]).returncode == 0
