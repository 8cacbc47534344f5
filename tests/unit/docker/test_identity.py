"""How tasks find or make things in Keystone, and log in there; only a played one is asked."""

import contextlib
import importlib
import json
import types

import pytest
from keystoneauth1 import exceptions

from tests.unit.support.web import Handler, served

FOUND_BY = {"name": "service", "domain_id": "default"}


class Keystone:
    """An adapter of a Keystone with projects, which another service may use as well."""

    def __init__(self, *projects: dict):
        self.projects = list(projects)
        #: What another service does after this one has looked.
        self.meanwhile: list[dict] = []

    def get(self, path: str, params: dict):
        found = [project for project in self.projects if params.items() <= project.items()]
        self.projects += self.meanwhile
        self.meanwhile = []
        return types.SimpleNamespace(json=lambda: {"projects": found})

    def post(self, path: str, json: dict):
        if any(project["name"] == json["project"]["name"] for project in self.projects):
            raise exceptions.Conflict("it is a duplicate")
        self.projects.append({"id": "mine", **json["project"]})
        return types.SimpleNamespace(json=lambda: {"project": self.projects[-1]})

    def patch(self, path: str, json: dict) -> None:
        (found,) = [project for project in self.projects if path == f"/projects/{project['id']}"]
        found.update(json["project"])


@pytest.fixture
def identity(tools):
    return importlib.import_module("kolla_image.identity")


@pytest.fixture
def ensure(identity):
    return identity.ensure


def test_what_is_not_there_is_made_once(ensure):
    keystone = Keystone()
    for _ in range(2):
        assert ensure(keystone, "project", FOUND_BY, {"enabled": True}) == "mine"
    assert keystone.projects == [{"id": "mine", **FOUND_BY, "enabled": True}]


def test_what_another_service_makes_at_the_same_time_is_used(ensure):
    keystone = Keystone()
    keystone.meanwhile = [{"id": "theirs", **FOUND_BY, "enabled": False}]
    assert ensure(keystone, "project", FOUND_BY, {"enabled": True}) == "theirs"
    assert keystone.projects[0]["enabled"]


def test_a_conflict_with_what_cannot_be_found_is_told(ensure):
    keystone = Keystone({"id": "other", "name": "service", "domain_id": "another"})
    with pytest.raises(exceptions.Conflict):
        ensure(keystone, "project", FOUND_BY, {"enabled": True})


@contextlib.contextmanager
def played(password: str):
    """The URL of a Keystone where everybody has that password, and what it was asked."""
    asked = []

    class Played(Handler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["auth"]
            asked.append(body)
            right = body["identity"]["password"]["user"]["password"] == password
            answer = b'{"token": {"methods": ["password"]}}' if right else b"{}"
            self.send_response(201 if right else 401)
            self.send_header("X-Subject-Token", "a-token")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    with served(Played) as server:
        yield f"http://127.0.0.1:{server.server_port}/v3", asked


@pytest.mark.parametrize("known, changed", [("new", []), ("old", [{"password": "new"}])])
def test_a_password_is_set_only_where_it_is_another_one(identity, monkeypatch, known, changed):
    """To set it, even to the same, would revoke the tokens of a service that works."""
    patched = []
    monkeypatch.setattr(identity, "ensure", lambda *_: "an-id")
    keystone = types.SimpleNamespace(
        patch=lambda path, json: patched.append((path, json["user"])))
    with played(known) as (url, asked):
        found = identity.ensure_user(keystone, url, "heat_domain_admin", "new", "a-domain")
    assert found == "an-id" and patched == [("/users/an-id", each) for each in changed]
    assert asked[0]["identity"]["password"]["user"]["domain"] == {"id": "a-domain"}
    assert "scope" not in asked[0]


def test_a_login_for_a_project_is_of_the_domain_in_which_services_are(identity):
    with played("secret") as (url, asked):
        login = identity.password_login(url, "octavia", "secret", "service")
        assert identity.connected(login).get_token() == "a-token"
    assert asked[0]["scope"] == {"project": {"name": "service", "domain": {"id": "default"}}}
    assert asked[0]["identity"]["password"]["user"]["domain"] == {"id": "default"}


def test_a_client_of_others_trusts_the_authorities_of_all(identity, monkeypatch):
    monkeypatch.setattr(identity, "authority", lambda group: f"/tls/{group}.crt")
    assert identity.connected(None).verify == "/tls/keystone.crt"
    assert identity.connected(None, trust="/all.crt").verify == "/all.crt"
