"""The engine of the tests itself: what the other tests lean on."""

import pytest

from kolla.backends.docker.backend import DockerBackend
from kolla.plugin.reports import BackendError


def test_engine_is_not_the_machines_own(engine):
    with engine.client() as client:
        assert client.info()["DockerRootDir"] == str(engine.cache / "engine")


def test_engine_keeps_containers_over_a_restart(engine):
    with engine.client() as client:
        assert client.info()["LiveRestoreEnabled"]


def test_engine_starts_nothing_that_was_never_started(engine, synthetic_images):
    """Which the compose backend relies on: what it makes has the policy of what counts."""
    image, _ = synthetic_images
    with engine.client() as client:
        policy = {"Name": "always"}
        made = client.containers.create(
            image, ["true"], network_mode="none", restart_policy=policy
        )
    engine.restart()
    with engine.client() as client:
        found = client.containers.get(made.id)
        assert (found.status, found.attrs["RestartCount"]) == ("created", 0)
        found.remove()


def test_engine_that_cannot_begin_a_command_says_so(engine, synthetic_images):
    """Which the monitor relies on: that is no failed check."""
    image, _ = synthetic_images
    backend = DockerBackend(engine.url)
    with engine.client() as client:
        made = client.containers.run(
            image, ["sleep", "infinity"], detach=True, network_mode="none",
            volumes=["/dev/null:/usr/bin/timeout:ro"],
        )
    try:
        with pytest.raises(BackendError, match="the engine cannot run true"):
            backend.execute(made.name, ("true",), 5)
    finally:
        made.remove(force=True)


def test_engine_comes_back_after_kill(engine):
    first = engine.pid()
    engine.kill()
    assert engine.pid() is None
    engine.start()
    assert engine.pid() not in (None, first)
