"""How the tests of the images get at what is in them."""

import importlib.machinery
import importlib.util
import sys

import pytest

from kolla.plugin import shared_folder
from tests.unit.support import alchemy


@pytest.fixture
def tools(monkeypatch):
    """``kolla_image`` can be imported, and keeps nothing of what a test puts in its place."""
    monkeypatch.syspath_prepend(str(shared_folder("docker", "openstack-base", "tools")))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    _forget()
    yield
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "kolla_image"]:
        del sys.modules[name]


@pytest.fixture
def sqlalchemy(tools, monkeypatch):
    """What plays SQLAlchemy."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", alchemy)
    return alchemy


@pytest.fixture
def load(tools, monkeypatch):
    """``load(*place)``: a script below ``docker`` as a module."""
    def script(*place: str):
        name, path = place[-1], str(shared_folder("docker", *place))
        loader = importlib.machinery.SourceFileLoader(name, path)
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
        monkeypatch.setitem(sys.modules, name, module)  # dataclasses look there
        loader.exec_module(module)
        return module

    return script
