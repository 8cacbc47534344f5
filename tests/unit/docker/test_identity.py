"""How kolla-identity finds or makes things in Keystone; no server is asked."""

import importlib
import types

import pytest
from keystoneauth1 import exceptions

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
def ensure(tools):
    return importlib.import_module("kolla_image.identity").ensure


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
