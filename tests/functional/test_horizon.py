"""Horizon in a real browser, where everything speaks TLS: virtual machines and their consoles."""

import json
import os
import pathlib
import ssl
import urllib.request
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.browser import Page, opened
from tests.functional.support.cloud import Cloud
from tests.functional.support.horizon import PORT
from tests.functional.support.guest import first
from tests.functional.support.images import COMPUTE, OPTIONAL
from tests.functional.support.server import BOOTS, Server, boot, encrypted
from tests.functional.support.watching import asking, until

BEFORE, AFTER = "2026.1", "2026.2"
#: Where the picture of the manual goes, if a new one is wanted: doc/source/_static/pages.
PICTURES = os.environ.get("KOLLA_TEST_PICTURES", "")
CONFIGURATION = """\
[host]
enabled = all, nova-api, placement-api, openstack-control, openstack-compute-operation,
          openstack-network-operation, horizon
"""
LAUNCHED = "launched-in-a-browser"
#: What the last step of Horizon's form asks Horizon, with the token that forms are protected by.
LAUNCH = """\
fetch("/api/nova/servers/", {{
    method: "POST", body: JSON.stringify({machine}),
    headers: {{"Content-Type": "application/json", "X-Requested-With": "XMLHttpRequest",
               "X-CSRFToken": document.cookie.match(/csrftoken=(\\w+)/)[1]}},
}}).then(answer => answer.status)"""

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def cloud(engine, builder, images, tmp_path_factory) -> Iterator[Cloud]:
    images(BEFORE)
    builder.only(*OPTIONAL, *COMPUTE, "horizon", release=BEFORE)
    builder.only("horizon", release=AFTER)
    folder = tmp_path_factory.mktemp("horizon")
    with encrypted(engine, folder, f"{NETWORK}.207", CONFIGURATION) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def server(cloud) -> Server:
    return boot(cloud)


@pytest.fixture(scope="module")
def url(cloud) -> str:
    return f"https://{cloud.deployment.address}:{PORT}"


@pytest.fixture(scope="module")
def page(cloud, url) -> Iterator[Page]:
    """A browser in which the administrator has logged in."""
    password = cloud.secrets()["identity.admin_password"]
    with opened() as page:
        page.go(f"{url}/auth/login/")
        page.until("document.querySelector('#id_password') && document.readyState == 'complete'")
        page.run("document.querySelector('#id_username').value = 'admin'")
        page.run(f"document.querySelector('#id_password').value = {json.dumps(password)}")
        page.run("document.querySelector('#id_password').form.submit()")
        page.until("!location.pathname.startsWith('/auth/') && document.readyState == 'complete'")
        yield page


def test_a_user_sees_images_and_virtual_machines(server, page, url):
    page.go(f"{url}/project/images")
    page.shows(first.NAME)
    page.go(f"{url}/project/instances/")
    page.shows(first.NAME)
    page.shows("Active")
    if PICTURES:
        page.picture(pathlib.Path(PICTURES, "horizon.png"))


def test_a_user_sees_the_console_of_a_virtual_machine(server, page, url):
    page.go(f"{url}/project/instances/{server.id}/?tab=instance_details__console")
    console = page.until("document.querySelector('iframe')?.src")
    assert console.startswith(f"https://{server.host.address}:6080/vnc_lite.html")
    until(lambda: console in page.frames())
    page.go(console)
    page.until("document.querySelector('canvas')?.width > 100")
    page.shows("Connected")


def test_a_user_launches_a_virtual_machine(server, cloud, page, url):
    with cloud.connect() as connection:
        compute = connection.compute
        machine = {
            "name": LAUNCHED, "source_id": connection.image.find_image(first.NAME).id,
            "flavor_id": compute.find_flavor(first.NAME).id, "user_data": "",
            "key_name": first.NAME, "availability_zone": None, "config_drive": False,
            "security_groups": [], "instance_count": 1, "disk_config": "AUTO", "meta": {},
            "nics": [{"net-id": connection.network.find_network(first.NAME).id,
                      "v4-fixed-ip": ""}],
        }
        page.go(f"{url}/project/instances/")
        page.shows(first.NAME)
        assert page.run(LAUNCH.format(machine=json.dumps(machine))) == 201
        until(lambda: [each.status for each in compute.servers(name=LAUNCHED)] == ["ACTIVE"],
              BOOTS)
        page.go(f"{url}/project/instances/")
        page.shows(LAUNCHED)
        compute.delete_server(compute.find_server(LAUNCHED))


def test_a_user_notices_nothing_of_an_upgrade_and_a_rollback(server, cloud, page, url):
    trust = ssl.create_default_context(cafile=cloud.certificates / "ca.crt")

    def login() -> None:
        with urllib.request.urlopen(f"{url}/auth/login/", timeout=60, context=trust) as answer:
            assert b"csrfmiddlewaretoken" in answer.read()

    for command in (("upgrade", "horizon", "--release", AFTER), ("rollback", "horizon")):
        with asking(login, 0.05) as visitors:
            visitors.wait_for(lambda: visitors.given or visitors.failures)
            rows = cloud.deployment.kolla("container", *command, "-f", "json", timeout=900).json()
        assert [row["outcome"] for row in rows] == ["done"]
        assert visitors.failures == []
        page.go(f"{url}/project/instances/")
        page.shows(first.NAME)
