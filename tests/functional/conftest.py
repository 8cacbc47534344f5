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
"""

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.functional.engine import Engine
from tests.functional.harness import Completed, Deployment

#: Each deployment gets an address of its own, out of the way of an operator's services.
ADDRESSES = (f"127.0.77.{number}" for number in itertools.count(1))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine of the tests, running and without containers or volumes."""
    engine = Engine()
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
def images(engine: Engine, tmp_path_factory) -> Callable[..., Completed]:
    """``images(release)`` builds all images of a release, once in a session.

    Without a release: the default one. Returns what ``kolla image build`` wrote.
    """
    builder = Deployment(engine, tmp_path_factory.mktemp("builder"), "127.0.0.1").prepare()
    built: dict[str, Completed] = {}

    def build(release: str = "") -> Completed:
        if release not in built:
            option = ["--release", release] if release else []
            built[release] = builder.kolla("image", "build", *option, timeout=2400)
        return built[release]

    return build


@pytest.fixture(scope="module")
def deployment(engine: Engine, tmp_path_factory, request) -> Iterator[Deployment]:
    """A deployment with a configuration and nothing else, for the tests of one module."""
    yield from _deployment(engine, tmp_path_factory, request.module.__name__.rpartition(".")[2])


@pytest.fixture
def fresh_deployment(engine: Engine, tmp_path_factory, request) -> Iterator[Deployment]:
    """A deployment with a configuration and nothing else, for one test."""
    yield from _deployment(engine, tmp_path_factory, "fresh")


def _deployment(engine: Engine, tmp_path_factory, name: str) -> Iterator[Deployment]:
    engine.clean()
    yield Deployment(engine, tmp_path_factory.mktemp(name), next(ADDRESSES)).prepare()
    if engine.pid() is None:
        engine.start()
    engine.clean()
