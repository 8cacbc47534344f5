"""The engine of the tests itself: what the other tests lean on."""


def test_engine_is_not_the_machines_own(engine):
    with engine.client() as client:
        assert client.info()["DockerRootDir"] == str(engine.cache / "engine")


def test_engine_keeps_containers_over_a_restart(engine):
    with engine.client() as client:
        assert client.info()["LiveRestoreEnabled"]


def test_engine_comes_back_after_kill(engine):
    first = engine.pid()
    engine.kill()
    assert engine.pid() is None
    engine.start()
    assert engine.pid() not in (None, first)
