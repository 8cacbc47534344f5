"""Horizon: users stay logged in, and no page fails, while it is upgraded and rolled back."""

from collections.abc import Iterator

import pytest
import requests

from tests.functional.support.cloud import Cloud, started
from tests.functional.support.horizon import PORT, Dashboard
from tests.functional.support.watching import asking, get

pytestmark = pytest.mark.service

BEFORE, AFTER = "2026.1", "2026.2"
LOGIN = "/auth/login/"
#: Of a cookie, which browsers keep.
LONGEST = 4096


@pytest.fixture(scope="module")
def horizon(cloud, builder) -> Iterator[Cloud]:
    """The cloud, with a Horizon that was started from nothing."""
    for release in (BEFORE, AFTER):
        builder.only("horizon", release=release)
    with started(cloud, "30-horizon", ("horizon",)):
        yield cloud


@pytest.fixture
def browser(horizon) -> Dashboard:
    """It is logged in as the administrator."""
    browser = Dashboard(f"http://{horizon.deployment.address}:{PORT}")
    browser.log_in("admin", horizon.secrets()["identity.admin_password"])
    images(browser)
    return browser


def images(browser: Dashboard) -> list[str]:
    """Their names, which only a user is told who is logged in."""
    return [image["name"] for image in browser.ask("glance/images/")["items"]]


def test_a_user_logs_in_and_sees_images(horizon, browser):
    with horizon.connect() as connection:
        image = connection.create_image(
            "shown", data=b"x" * 1024, disk_format="raw", container_format="bare", wait=True)
        assert "shown" in images(browser)
        connection.delete_image(image.id)
    assert "id_password" in Dashboard(browser.url).page("/project/api_access/")
    assert "id_password" not in browser.page("/project/api_access/")


def test_a_wrong_password_is_refused(horizon):
    browser = Dashboard(f"http://{horizon.deployment.address}:{PORT}")
    assert "Invalid credentials" in browser.log_in("admin", "wrong")


def test_a_session_fits_into_its_cookie(browser):
    assert 0 < browser.cookies()["sessionid"] < LONGEST


def test_what_a_page_loads_is_in_the_image(horizon):
    browser = Dashboard(f"http://{horizon.deployment.address}:{PORT}")
    kinds = browser.loads(browser.page(LOGIN))
    assert {"text/css", "application/javascript"} <= set(kinds.values())


def test_another_host_name_is_refused(horizon):
    answer = requests.get(f"http://{horizon.deployment.address}:{PORT}{LOGIN}", timeout=60,
                          headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400


def test_no_page_fails_and_users_stay_logged_in_while_it_is_upgraded(horizon, browser):
    address, kolla = horizon.deployment.address, horizon.deployment.kolla
    for command in (("upgrade", "horizon", "--release", AFTER), ("rollback", "horizon")):
        with (
            asking(lambda: get(address, PORT, LOGIN), 0.05) as visitors,
            asking(lambda: images(browser)) as users,
        ):
            users.wait_for(lambda: users.given or users.failures)
            rows = kolla("container", *command, "-f", "json", timeout=900).json()
        assert [row["outcome"] for row in rows] == ["done"]
        assert visitors.failures == [] and users.failures == []
        assert all("csrfmiddlewaretoken" in page for page in visitors.given)
    assert kolla("container", "check", "horizon").exit_code == 0


def test_horizon_logs_no_secret(horizon):
    logs = horizon.deployment.kolla("container", "logs", "horizon", "--tail", "5000").stdout
    assert "Login successful" in logs
    assert [name for name, value in horizon.secrets().items() if value in logs] == []
