"""What the image of Glance changes in it; Glance itself is not there."""

import os
import sys
import urllib.request
from unittest.mock import MagicMock

import pytest


class NotAuthenticated(Exception):
    pass


@pytest.fixture
def glance(load, monkeypatch):
    for name in ("glance", "glance.common", "glance.wsgi", "glance.wsgi.api", "glance_store",
                 "glance_store._drivers", "glance_store._drivers.swift"):
        monkeypatch.setitem(sys.modules, name, MagicMock())
    sys.modules["glance.common"].exception.NotAuthenticated = NotAuthenticated
    # What the module changes for good.
    monkeypatch.setattr(os, "environ", dict(os.environ))
    for handler, name in ((urllib.request.HTTPHandler, "http_open"),
                          (urllib.request.HTTPSHandler, "https_open")):
        monkeypatch.setattr(handler, name, getattr(handler, name))
    return load("glance-api", "kolla_glance.py")


def test_an_upload_needs_no_trust_of_its_user(glance):
    """Glance takes hold of one, and lets it go; a token that is refused stays refused."""
    refresher = glance.trust_auth.TokenRefresher("a login", "a project", ["member"])
    refresher.release_resources()
    with pytest.raises(NotAuthenticated):
        refresher.refresh_token()
