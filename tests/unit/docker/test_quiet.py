"""kolla-check asks every few seconds: that fills no log."""

import io
import logging

import pytest

from tests.unit.support.wsgi import imported

LOG = logging.getLogger("service.requestlog")


@pytest.fixture
def quiet(monkeypatch):
    with imported("quiet", monkeypatch) as module:
        yield module


@pytest.fixture
def written(monkeypatch):
    """What a service writes that logs as oslo.log does."""
    text = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(text)])
    monkeypatch.setattr(LOG, "level", logging.INFO)
    return text


def test_of_a_check_only_what_is_wrong_is_logged(quiet, written):
    quiet.begin()
    with quiet.checking():
        LOG.info("GET /")
        LOG.warning("the database is slow")
    LOG.info("GET /v2.1/servers")
    assert written.getvalue().splitlines() == ["the database is slow", "GET /v2.1/servers"]


def test_a_check_that_fails_silences_nobody_after_it(quiet, written):
    quiet.begin()
    with pytest.raises(ValueError), quiet.checking():
        raise ValueError
    LOG.info("GET /v2.1/servers")
    assert written.getvalue()
