"""kolla-check asks every few seconds: that fills no log."""

import io
import logging
import sys

import pytest

from kolla.plugin import shared_folder

LOG = logging.getLogger("service.requestlog")


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(shared_folder("docker", "openstack-wsgi")))
    import kolla_wsgi.quiet
    yield kolla_wsgi.quiet
    for name in ("kolla_wsgi", "kolla_wsgi.quiet"):
        del sys.modules[name]


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
