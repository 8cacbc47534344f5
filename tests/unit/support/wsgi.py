"""Modules of the image openstack-wsgi, which is no package of this project."""

import contextlib
import importlib
import sys
import types
from collections.abc import Iterator

import pytest

from kolla.plugin import shared_folder


@contextlib.contextmanager
def imported(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """``kolla_wsgi.NAME`` while the block runs."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(shared_folder("docker", "openstack-wsgi")))
    module = importlib.import_module(f"kolla_wsgi.{name}")
    try:
        yield module
    finally:
        for each in ("kolla_wsgi", f"kolla_wsgi.{name}"):
            del sys.modules[each]
