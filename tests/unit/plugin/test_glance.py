"""Where Glance keeps images."""

import pytest

from kolla_plugins.glance import ACCOUNT, swift_account


class Mistake(Exception):
    """What an operator is told, and where."""


class Host:
    def __init__(self, name: str, *stores: str):
        self.name, self.stores = name, list(stores)

    def value(self, group: str, option: str):
        assert (group, option) == ("glance", "stores")
        return self.stores

    def mistake(self, group: str, option: str, message: str) -> Mistake:
        return Mistake(f"{self.name}: [{group}] {option}: {message}")


class Cloud:
    def __init__(self, *hosts: Host, swift: bool = True):
        self.of = {"glance-api": hosts, "swift-proxy-server": hosts[:1] if swift else ()}

    def hosts(self, container: str = "") -> tuple[Host, ...]:
        return self.of[container]


def test_glance_has_an_account_in_swift_only_where_images_are_kept_there():
    assert swift_account(Cloud(Host("a", "file"))) == ""
    assert swift_account(Cloud(Host("a", "swift", "file"))) == ACCOUNT


def test_a_store_in_swift_is_refused_where_no_host_has_swift():
    with pytest.raises(Mistake, match=r"b: \[glance\] stores: no host has swift-proxy-server"):
        swift_account(Cloud(Host("a", "file"), Host("b", "file", "swift"), swift=False))


def test_glance_without_any_store_is_refused():
    with pytest.raises(Mistake, match=r"a: \[glance\] stores: it names no store"):
        swift_account(Cloud(Host("a")))


def test_a_store_that_is_named_twice_is_refused():
    with pytest.raises(Mistake, match=r"a: \[glance\] stores: it names a store twice"):
        swift_account(Cloud(Host("a", "file", "file")))
