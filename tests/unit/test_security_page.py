"""The page "Security" tells of containers what kolla really does, and which tests prove it."""

import dataclasses
import pathlib
import re
import sys

import pytest

TESTS = pathlib.Path(__file__).parents[1]
DOCS = TESTS.parent / "doc" / "source"


@pytest.fixture(scope="module")
def confinement():
    pytest.importorskip("docutils")
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        import confinement
    finally:
        sys.path.pop(0)
    return confinement


def test_every_table_is_on_a_page(confinement):
    pages = "".join((DOCS / f"{name}.rst").read_text() for name in ("security", "firewall"))
    assert all(f".. confinement:: {name}\n" in pages for name in confinement.TABLES)


def test_nothing_but_the_network_and_folders_of_the_host_is_shared(confinement):
    cis = {row[1]: row[2] for row in confinement.cis()[1:]}
    assert {rule for rule, so in cis.items() if so != "yes"} == {
        "The host's network is not shared"
    }
    pods = dict(confinement.pods()[1:])
    assert {rule for rule, so in pods.items() if so != "yes"} == {
        "Host namespaces: network, and host ports", "Volumes: no path of the host",
        "Runs as another user than root",
    }
    assert pods["Runs as another user than root"] == "not ceilometer-compute"


def test_a_container_that_may_more_is_named(confinement, monkeypatch):
    found = {each.container.name: each for each in confinement.launched()}
    each = found["keystone"]
    found["keystone"] = dataclasses.replace(each, host={**each.host, "Privileged": True})
    monkeypatch.setattr(confinement, "launched", lambda: [*found.values()])
    rows = {row[1]: row[2] for row in confinement.cis()[1:]}
    assert rows["No container is privileged"] == "not keystone"


def test_every_port_says_who_needs_it(confinement):
    table = confinement.ports()[1:]
    rows = {(row[0], row[2]): row[3] for row in table}
    assert rows["5000", "keystone"].startswith("users of the cloud")
    assert rows["8080", "swift-proxy-server"].startswith("users of the cloud")
    assert rows["3306", "mariadb"] == rows["6200", "swift-object-server"] == (
        "hosts of the deployment")
    assert rows["4369", "rabbitmq"] == "this host"
    internal = {row[2] for row in table if row[1] == "[host] internal_address"}
    storage = {f"swift-{kind}-server" for kind in ("account", "container", "object")}
    assert internal == {
        "haproxy", "mariadb", "memcached", "metadata-service", "mongodb", "rabbitmq",
        "swift-rsync", *storage,
    }


def test_every_test_that_it_names_is_there():
    text = (DOCS / "security.rst").read_text().partition("\nHow it is tested\n")[2]
    found = re.findall(r"``([\w/]+\.py)``|``(test_\w+)``", text)
    assert len(found) > 40
    for file, test in found:
        if file:
            texts = [path.read_text() for kind in ("functional", "unit")
                     if (path := TESTS / kind / file).exists()]
        else:
            assert any(f"def {test}(" in text for text in texts), f"{file}: {test}"
