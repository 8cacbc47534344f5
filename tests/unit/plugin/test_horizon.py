"""What the plugin of Horizon declares, and what its image makes of it."""

import datetime
import pathlib
import sys
import types

import pytest

from kolla.plugin import Strategy
from kolla_plugins.horizon import HORIZON

IMAGE = pathlib.Path(__file__).parents[3] / "docker" / "horizon"
VARIABLES = {
    "PUBLIC_URL": "https://cloud.example:8088",
    "INTERNAL_URL": "https://[2001:db8::1]:8088",
    "ALLOWED_HOSTS": "dashboard.example,198.51.100.7",
    "SESSION_TIMEOUT": "1200",
    "MULTIDOMAIN": "true",
    "HSTS": "60",
    "KEYSTONE_URL": "https://192.0.2.1:5000/v3",
    "REGION": "RegionOne",
}


@pytest.fixture
def settings(monkeypatch):
    """``settings(NAME=VALUE)``: Horizon's local settings, with further variables."""
    monkeypatch.setitem(sys.modules, "openstack_dashboard", types.SimpleNamespace(
        defaults=types.SimpleNamespace(LAUNCH_INSTANCE_DEFAULTS={"config_drive": False})))
    monkeypatch.setitem(sys.modules, "openstack_dashboard.settings",
                        types.SimpleNamespace(MIDDLEWARE=("first",)))
    monkeypatch.setitem(sys.modules, "kolla_image", types.SimpleNamespace(
        environment=types.SimpleNamespace(require=lambda name: f"<{name}>")))

    def load(**variables: str) -> dict:
        for name, value in {**VARIABLES, **variables}.items():
            monkeypatch.setenv(f"KOLLA_HORIZON_{name}", value)
        found: dict = {}
        exec((IMAGE / "kolla_horizon" / "local_settings.py").read_text(), found)
        return found

    return load


def test_it_is_handed_over_and_optional():
    assert HORIZON.strategy is Strategy.HANDOVER and HORIZON.optional and not HORIZON.privileges
    assert HORIZON.parent == "openstack-interface"


def test_every_variable_that_it_gets_is_read():
    text = (IMAGE / "kolla_horizon" / "local_settings.py").read_text()
    names = [name for name in HORIZON.environment if name.startswith("KOLLA_HORIZON_")]
    assert [name for name in names if name not in text
            and f'"{name.removeprefix("KOLLA_HORIZON_")}"' not in text] == []
    assert set(VARIABLES) < {name.removeprefix("KOLLA_HORIZON_") for name in names}


def test_it_answers_to_the_names_in_its_urls_and_no_others(settings):
    assert settings()["ALLOWED_HOSTS"] == [
        "localhost", "cloud.example", "[2001:db8::1]", "dashboard.example", "198.51.100.7"]
    assert settings()["CSRF_TRUSTED_ORIGINS"] == [
        "https://cloud.example:8088", "https://[2001:db8::1]:8088"]


def test_cookies_are_for_tls_alone_where_its_public_url_is(settings):
    for url, secure in (("https://cloud.example", True), ("http://cloud.example", False)):
        found = settings(PUBLIC_URL=url)
        assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is secure
        assert found["SECURE_HSTS_SECONDS"] == (60 if secure else 0)


def test_sessions_are_signed_with_the_secret_of_the_cloud(settings):
    found = settings()
    assert found["SECRET_KEY"] == "<KOLLA_HORIZON_SECRET_KEY>"
    assert found["SESSION_ENGINE"].endswith("signed_cookies")
    assert found["SESSION_TIMEOUT"] == 1200


def test_an_image_is_built_with_nothing_but_a_key(settings, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(f"KOLLA_HORIZON_{name}", raising=False)
    monkeypatch.setitem(globals(), "VARIABLES", {})
    found = settings()
    assert found["ALLOWED_HOSTS"] == ["localhost"] and found["COMPRESS_OFFLINE"]
    assert found["OPENSTACK_SSL_CACERT"] is None


def test_browsers_are_told_the_kind_of_every_file():
    lines = [line.split() for line in (IMAGE / "mime.types").read_text().splitlines()]
    kinds = {ending: kind for kind, *endings in lines for ending in endings}
    assert kinds["css"] == "text/css" and kinds["js"] == "application/javascript"
    assert {"svg", "woff2", "png", "ico"} <= set(kinds)


class Token:
    """Of Horizon's, which holds the catalog of services, too."""

    def __init__(self, auth_ref):
        self.id, self.expires, self.serviceCatalog = "secret", AN_HOUR, auth_ref


AN_HOUR = datetime.datetime(2026, 1, 1, 1, tzinfo=datetime.UTC)
CATALOG = [{
    "id": "1f", "type": "identity", "name": "keystone",
    "endpoints": [{"id": "2e", "interface": "public", "region": "One", "region_id": "One",
                   "url": "http://192.0.2.1:5000"}],
}]


@pytest.fixture
def serializer(monkeypatch):
    monkeypatch.setitem(sys.modules, "openstack_auth", types.ModuleType("openstack_auth"))
    monkeypatch.setitem(sys.modules, "openstack_auth.user", types.SimpleNamespace(Token=Token))
    found: dict = {}
    exec((IMAGE / "kolla_horizon" / "sessions.py").read_text(), found)
    return found["Serializer"]()


def test_a_session_comes_back_from_its_cookie(serializer):
    session = serializer.loads(serializer.dumps({"token": Token(CATALOG), "user_id": "1"}))
    assert session["user_id"] == "1" and isinstance(session["token"], Token)
    assert session["token"].id == "secret" and session["token"].expires == AN_HOUR


def test_the_numbers_in_a_catalog_are_left_out_of_sessions(serializer):
    (service,) = serializer.loads(serializer.dumps({"token": Token(CATALOG)}))[
        "token"].serviceCatalog
    assert service == {"type": "identity", "name": "keystone", "endpoints": [
        {"interface": "public", "region_id": "One", "url": "http://192.0.2.1:5000"}]}
    assert serializer.loads(serializer.dumps({"token": Token(None)}))["token"].serviceCatalog == []


def test_what_is_no_json_is_refused_instead_of_pickled(serializer):
    with pytest.raises(TypeError, match="a session cannot hold set"):
        serializer.dumps({"found": {1}})
