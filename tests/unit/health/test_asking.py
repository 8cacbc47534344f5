"""The answer that an operator gets from a check."""

import pytest
from tests.unit.support.monitored import Site

from kolla.health import asking
from kolla.plugin.reports import Outcome


@pytest.mark.parametrize("code", [0, 1])
def test_a_secret_that_a_check_quotes_is_neither_shown_nor_kept(tmp_path, monkeypatch, code):
    site = Site(tmp_path, "web")
    site.run("web")
    monkeypatch.setattr(site.deployment, "hide", lambda text: text.replace("hunter2", "***"))
    site.engine.answers["web-g1"] = Outcome(code, "denied for web:hunter2")
    web = site.deployment.catalog.containers["web"]
    assert asking.check(site.deployment, [web])[0].detail == "denied for web:***"
    assert site.store.container("web").health_detail == "denied for web:***"
