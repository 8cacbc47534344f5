"""What users of the cloud name is not asked for on the host itself; a real server would answer."""

import importlib

import pytest
import requests

from tests.unit.support.web import Handler, served

AODH = """
        session = requests.Session()
        session.mount(action.geturl(),
                      requests.adapters.HTTPAdapter(max_retries=max_retries))
"""
HEAT = """
        resp = requests.get(url, stream=True,
                            timeout=cfg.CONF.template_fetch_timeout)
"""


@pytest.fixture
def outside(tools, monkeypatch):
    monkeypatch.delenv("KOLLA_ALLOWED_HOSTS", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    return importlib.import_module("kolla_image.outside")


@pytest.fixture
def server():
    """Its port, and the paths that it was asked for; /moved leads to another name of this host."""
    asked: list[str] = []

    class Inside(Handler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Location", f"http://localhost:{self.server.server_port}/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

    with served(Inside) as made:
        yield made.server_port, asked


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "0.0.0.0"])
@pytest.mark.parametrize("method, scheme", [("get", "http"), ("post", "http"), ("post", "https")])
def test_this_host_is_not_asked_however_it_is_written(outside, server, name, method, scheme):
    port, asked = server
    with pytest.raises(requests.ConnectionError, match="where nothing is asked for"):
        getattr(outside.Session(), method)(f"{scheme}://{name}:{port}/")
    assert asked == []


def test_what_an_operator_allows_is_asked_and_leads_nowhere_else(outside, server, monkeypatch):
    monkeypatch.setenv("KOLLA_ALLOWED_HOSTS", "other.example, 127.0.0.1")
    port, asked = server
    assert outside.Session().post(f"http://127.0.0.1:{port}/").status_code == 200
    with pytest.raises(requests.ConnectionError, match="localhost is at 127.0.0.1"):
        outside.Session(1).get(f"http://127.0.0.1:{port}/moved")
    assert set(asked) == {"/", "/moved"}


@pytest.mark.parametrize("address", [
    "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1%eth0", "0.0.0.0",
])
def test_addresses_of_this_host_and_of_its_link_are_inside_and_no_others(outside, address):
    for other in ("192.0.2.11", "10.0.0.5", "2001:db8::1"):
        outside.refuse_inside("cloud.example", other)
    with pytest.raises(OSError, match="cloud.example is at"):
        outside.refuse_inside("cloud.example", address)


@pytest.mark.parametrize("name, text", [("aodh", AODH), ("heat", HEAT)])
def test_services_that_ask_for_users_do_so_in_no_other_way(load, name, text):
    seal = load("openstack-base", "kolla-seal")
    sealed = getattr(seal, name)(text)
    assert "outside.Session(" in sealed and "requests." not in sealed
    with pytest.raises(SystemExit, match=f"{name} has changed"):
        getattr(seal, name)("another release\n")
