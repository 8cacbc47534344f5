"""Fixtures of the functional tests: the engine, the images and a deployment.

A test that wants a running Keystone::

    @pytest.fixture(scope="module")
    def keystone(deployment, images):
        images("2026.1")
        deployment.kolla("config", "passwords")
        deployment.kolla("container", "start", "mariadb", "keystone")
        return deployment

    def test_check_passes(keystone):
        assert keystone.kolla("container", "check", "keystone", "-f", "json").json()

Container names belong to the engine, so there is one deployment at a time: ``deployment``
lives as long as a module, ``fresh_deployment`` as long as a test; a module uses one of them.
``synthetic`` is a deployment in which the synthetic service runs, which starts in a moment.
A module that sets ``BACKENDS`` (see support/backends.py) runs once for each of them; without
``--all`` only its tests marked ``differs`` run on all of them, the others on the first
alone. Two test runs at a time need a ``KOLLA_TEST_NETWORK`` each, like 127.0.78 (and see
support/engine.py).
"""

import contextlib
import itertools
import os
import pathlib
import shutil
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.functional.support import backends
from tests.functional.support.engine import CACHE, WORKER, Engine
from tests.functional.support.harness import SYNTHETIC, Completed, Deployment, run
from tests.functional.support.images import Builder
from tests.functional.support.monitoring import CONFIGURATION, healthy, monitoring

#: Each deployment gets an address of its own, out of the way of an operator's services; of
#: workers side by side, gw1 has 127.1.77 instead of 127.0.77, and so on.
NETWORK = os.environ.get("KOLLA_TEST_NETWORK", "127.0.77").replace(
    ".0.", f".{WORKER.removeprefix('gw') or 0}."
)
ADDRESSES = (f"{NETWORK}.{number}" for number in itertools.count(1))
ROOT = pathlib.Path(__file__).parents[2]


def pytest_generate_tests(metafunc) -> None:
    names = getattr(metafunc.module, "BACKENDS", ())
    if names and "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", names, indirect=True, scope="module")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items) -> None:
    for item in items:
        if on_second_backend(item) and item.get_closest_marker("differs") is None:
            item.add_marker(pytest.mark.exhaustive)


def on_second_backend(item) -> bool:
    """Whether the same test also runs on the first of its backends."""
    names = getattr(getattr(item, "module", None), "BACKENDS", ())
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return bool(names) and parameters.get("backend", names[0]) != names[0]


@pytest.fixture(scope="module")
def backend(request) -> str:
    """The name of the backend, one of ``BACKENDS``."""
    name = getattr(request, "param", "docker")
    backends.configuration(name)  # or it is skipped at once
    return name


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine of the tests, running and without containers or volumes."""
    engine = Engine()
    if WORKER:
        engine.take_images(CACHE)
    engine.start()
    try:
        engine.clean()
        yield engine
    finally:
        if engine.pid() is None:
            engine.start()
        engine.clean()
        engine.stop()


@pytest.fixture(scope="session")
def builder(engine: Engine, tmp_path_factory) -> Builder:
    return Builder(engine, tmp_path_factory.mktemp("builder"))


@pytest.fixture(scope="session")
def images(builder: Builder) -> Callable[..., Completed]:
    """``images(release)`` builds all images of a release, once in a session.

    Without a release: the default one. Returns what ``kolla image build`` wrote.
    """
    return builder.build


@pytest.fixture(scope="session")
def synthetic_images(builder: Builder) -> tuple[str, ...]:
    """The images of the synthetic service, an earlier and a later one."""
    return builder.synthetic()


@pytest.fixture(scope="module")
def synthetic(deployment: Deployment, synthetic_images) -> Deployment:
    """A deployment in which both containers of the synthetic service run."""
    deployment.install_plugin(SYNTHETIC)
    deployment.configure("[host]\nenabled = synthetic\n", "10-host")
    deployment.kolla("config", "passwords")
    deployment.kolla("set", "start")
    return deployment


@pytest.fixture(scope="module")
def deployment(engine: Engine, tmp_path_factory, request, backend) -> Iterator[Deployment]:
    """A deployment with a configuration and nothing else, for the tests of one module."""
    name = request.module.__name__.rpartition(".")[2]
    with new_deployment(engine, tmp_path_factory, name, backend) as deployment:
        yield deployment


@pytest.fixture
def fresh_deployment(engine: Engine, tmp_path_factory, backend) -> Iterator[Deployment]:
    """A deployment with a configuration and nothing else, for one test."""
    with new_deployment(engine, tmp_path_factory, "fresh", backend) as deployment:
        yield deployment


@contextlib.contextmanager
def new_deployment(
    engine: Engine, tmp_path_factory, name: str, backend: str = "docker"
) -> Iterator[Deployment]:
    """A deployment with a configuration, on an engine without containers and volumes."""
    engine.clean()
    made = Deployment(engine, tmp_path_factory.mktemp(name), next(ADDRESSES)).prepare()
    made.configure(backends.configuration(backend), "05-backend")
    yield made
    if engine.pid() is None:
        engine.start()
    engine.clean()


@pytest.fixture
def unwatched(fresh_deployment, synthetic_images):
    """A deployment in which the synthetic service runs, configured for a monitor in a hurry."""
    fresh_deployment.install_plugin(SYNTHETIC)
    fresh_deployment.configure("[host]\nenabled = synthetic\n", "10-host")
    fresh_deployment.configure(CONFIGURATION, "20-monitor")
    fresh_deployment.kolla("config", "passwords")
    fresh_deployment.kolla("set", "start")
    return fresh_deployment


@pytest.fixture
def cared_for(unwatched):
    """The same with its monitor."""
    with monitoring(unwatched) as monitor:
        healthy(unwatched)
        yield unwatched, monitor


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> pathlib.Path:
    """Built from a copy: a build leaves things behind."""
    copy = tmp_path_factory.mktemp("source") / "kolla"
    ignored = shutil.ignore_patterns("build", ".eggs", ".tox", ".venv")
    shutil.copytree(ROOT, copy, symlinks=True, ignore=ignored)
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", copy / "dist", copy)
    (wheel,) = (copy / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def environment(wheel: pathlib.Path, tmp_path_factory) -> pathlib.Path:
    """An empty virtual environment with nothing but the wheel and what that asks for."""
    venv = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", venv)
    run(venv / "bin" / "pip", "install", wheel)
    return venv
