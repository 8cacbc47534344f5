"""The page "Security" tells of containers what kolla really does."""

import dataclasses
import pathlib
import sys

import pytest

pytest.importorskip("docutils")
DOCS = pathlib.Path(__file__).parents[2] / "doc" / "source"


@pytest.fixture(scope="module")
def confinement():
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        import confinement
    finally:
        sys.path.pop(0)
    return confinement


def test_the_page_has_every_table(confinement):
    page = (DOCS / "security.rst").read_text()
    assert all(f".. confinement:: {name}\n" in page for name in confinement.TABLES)


def test_nothing_but_the_network_and_folders_of_the_host_is_shared(confinement):
    cis = {row[1]: row[2] for row in confinement.cis()[1:]}
    assert {rule for rule, so in cis.items() if so != "yes"} == {
        "The host's network is not shared"
    }
    pods = dict(confinement.pods()[1:])
    assert {rule for rule, so in pods.items() if so != "yes"} == {
        "Host namespaces: network, and host ports", "Volumes: no path of the host",
    }


def test_a_container_that_may_more_is_named(confinement, monkeypatch):
    each, *others = confinement.launched()
    made = dataclasses.replace(each, host={**each.host, "Privileged": True})
    monkeypatch.setattr(confinement, "launched", lambda: [made, *others])
    rows = {row[1]: row[2] for row in confinement.cis()[1:]}
    assert rows["No container is privileged"] == f"not {each.container.name}"


def test_every_port_says_who_needs_it(confinement):
    rows = {(row[0], row[2]): row[3] for row in confinement.ports()[1:]}
    assert rows["5000", "keystone"].startswith("users of the cloud")
    assert rows["3306", "mariadb"] == "hosts of the deployment"
    assert rows["4369", "rabbitmq"] == "this host"
