"""Horizon on a host of its own: no page fails while it is upgraded and rolled back."""

from collections.abc import Iterator

import pytest
import requests

from tests.functional.support.harness import Deployment
from tests.functional.support.horizon import PORT, Dashboard
from tests.functional.support.watching import asking, get

pytestmark = pytest.mark.service

BEFORE, AFTER = "2026.1", "2026.2"
LOGIN = "/auth/login/"


@pytest.fixture(scope="module")
def horizon(deployment, builder) -> Iterator[Deployment]:
    """Started from nothing. There is no Keystone that it could reach."""
    for release in (BEFORE, AFTER):
        builder.only("horizon", release=release)
    deployment.configure("[host]\nenabled = horizon\n", "10-host")
    deployment.kolla("config", "passwords")
    deployment.kolla("container", "start", "horizon")
    return deployment


@pytest.fixture
def browser(horizon) -> Dashboard:
    return Dashboard(f"http://{horizon.address}:{PORT}")


def test_what_a_page_loads_is_in_the_image(browser):
    kinds = browser.loads(browser.page(LOGIN))
    assert {"text/css", "application/javascript"} <= set(kinds.values())


def test_another_host_name_is_refused(horizon):
    answer = requests.get(f"http://{horizon.address}:{PORT}{LOGIN}", timeout=60,
                          headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400


def test_no_page_fails_while_it_is_upgraded_and_rolled_back(horizon, browser):
    for command in (("upgrade", "horizon", "--release", AFTER), ("rollback", "horizon")):
        browser.page(LOGIN)
        with asking(lambda: get(horizon.address, PORT, LOGIN), 0.05) as visitors:
            visitors.wait_for(lambda: visitors.given or visitors.failures)
            rows = horizon.kolla("container", *command, "-f", "json").json()
        assert [row["outcome"] for row in rows] == ["done"]
        assert visitors.failures == [] and len(visitors.given) > 20
        assert all("csrfmiddlewaretoken" in page for page in visitors.given)
        # The form of the generation before is taken.
        assert "Unable to establish connection" in browser.log_in("admin", "secret", again=False)
    assert horizon.kolla("container", "check", "horizon").exit_code == 0


def test_horizon_logs_no_secret(horizon):
    logs = horizon.kolla("container", "logs", "horizon", "--tail", "5000").stdout
    text = (horizon.config_dir / "kolla.conf.d" / "passwords.conf").read_text()
    secrets = [line.partition("=")[2].strip() for line in text.splitlines() if "=" in line]
    assert "GET /auth/login/" in logs
    assert secrets and [secret for secret in secrets if secret in logs] == []
