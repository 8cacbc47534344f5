"""The alert rules, judged by Prometheus's own tool."""

import re
import shutil

import pytest

from tests.functional.conftest import ROOT
from tests.functional.support.harness import run

RULES = ROOT / "etc" / "prometheus" / "kolla.rules.yaml"
TESTS = ROOT / "tests" / "functional" / "kolla.rules.test.yaml"


@pytest.fixture
def folder(tmp_path):
    """Rules and tests beside each other, as promtool wants them."""
    for path in (RULES, TESTS):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_alert_rules_are_valid():
    assert "SUCCESS" in run("promtool", "check", "rules", RULES)


def test_each_alert_fires_when_it_should_and_only_then(folder):
    assert "SUCCESS" in run("promtool", "test", "rules", folder / TESTS.name)


def test_each_alert_has_a_test_in_which_it_fires():
    fires = re.findall(r"alertname: (\w+)\n +exp_alerts", TESTS.read_text())
    assert set(fires) == set(re.findall(r"- alert: (\w+)", RULES.read_text()))
