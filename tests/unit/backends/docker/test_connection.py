"""Which engine kolla speaks to, and what it says where a shell names another."""

import pytest

from kolla.backends.docker import connection
from kolla.plugin.reports import Unreachable


@pytest.fixture(autouse=True)
def told_nothing_yet():
    connection.tell_of_another.cache_clear()
    yield
    connection.tell_of_another.cache_clear()


@pytest.mark.parametrize("variable, warned", [
    ("", False), ("unix:///run/docker.sock", False), ("unix:///var/run/docker.sock", False),
    ("unix:///run/user/1000/docker.sock", True), ("tcp://192.0.2.7:2375", True),
])
def test_an_engine_that_docker_would_use_and_kolla_does_not_is_named_once(
    monkeypatch, caplog, variable, warned
):
    monkeypatch.setenv("DOCKER_HOST", variable)
    for _ in range(2):
        connection.Connection("unix:///run/docker.sock")
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == warned
    if warned:
        assert variable in told[0] and "[docker] url" in told[0]


def test_an_engine_that_is_away_is_told_in_words_without_a_number_of_an_error():
    with pytest.raises(Unreachable) as away:
        connection.Connection("unix:///nonexistent/socket").connect(5)
    assert away.value.message == ("the Docker engine at unix:///nonexistent/socket cannot be"
                                  " reached: No such file or directory")
