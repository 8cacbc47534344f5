"""How the tests of the images get at what is in them."""

import importlib.machinery
import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

from kolla.plugin import shared_folder
from tests.unit.support import alchemy

#: What a script sources, and files that it has in its container.
SOURCED = re.compile(r"^(?:\.|source) (/usr/local/lib/kolla/\S+)", re.M)
OF_CONTAINER = re.compile(r"(?<![\w/}])/(etc|run|srv|var)/")


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


@pytest.fixture
def program(tmp_path):
    """``program(name, does)``: make a program of that name, in the words of a shell."""
    def make(name: str, does: str) -> None:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{does}\n")
        path.chmod(0o755)

    return make


@pytest.fixture
def script(tmp_path):
    """``script(place, *arguments, **variables)``: run a shell script below ``docker``, whose
    container has its files in ``tmp_path``.
    """
    (tmp_path / "run/kolla").mkdir(parents=True)

    def run(place: tuple[str, ...], *arguments: str, **variables: str):
        copy = tmp_path / "scripts" / place[-1]
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(_moved(shared_folder("docker", *place).read_text(), tmp_path))
        return subprocess.run(
            ["bash", copy, *arguments], capture_output=True, text=True, timeout=30,
            env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"} | variables,
        )

    return run


def _moved(text: str, folder: pathlib.Path) -> str:
    """A script for which the files of its container are in a folder."""
    for path in SOURCED.findall(text):
        (found,) = shared_folder("docker").glob(f"*/{pathlib.Path(path).name}")
        copy = folder / "scripts" / found.name
        copy.write_text(_moved(found.read_text(), folder))
        text = text.replace(path, str(copy))
    return OF_CONTAINER.sub(rf"{folder}/\1/", text)
