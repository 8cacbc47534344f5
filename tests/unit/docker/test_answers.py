"""A client that takes an answer slowly holds a worker for a limited time."""

import socket
import threading

import pytest

from tests.unit.support.wsgi import imported

LARGE = [b"x" * 200_000]


@pytest.fixture
def answers(monkeypatch):
    with imported("answers", monkeypatch) as module:
        yield module


@pytest.fixture
def connection():
    """The worker's end and the router's."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ours, theirs:
        yield ours, theirs


def test_connection_of_a_client_that_takes_too_long_is_closed(answers, connection, monkeypatch):
    monkeypatch.setattr(answers, "LONGEST", 0.01)
    ours, theirs = connection
    sending = answers.bounded(LARGE, ours.fileno())
    assert next(sending) == LARGE[0]
    assert theirs.recv(1) == b"", "it was not closed"


def test_connection_stays_once_the_answer_was_taken(answers, connection, monkeypatch):
    monkeypatch.setattr(answers, "LONGEST", 60)
    ours, _ = connection
    assert list(answers.bounded(LARGE, ours.fileno())) == LARGE
    timers = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    assert all(timer.finished.is_set() for timer in timers)


@pytest.mark.parametrize("answer", [[b"small"], iter(LARGE)], ids=["small", "made on the way"])
def test_other_answers_are_passed_on_as_they_are(answers, answer):
    assert answers.bounded(answer, -1) is answer
