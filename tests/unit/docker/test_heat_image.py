"""The scripts of Heat's image; no server is asked."""

import contextlib
import sys
import types

import pytest

ME = {"host": "a", "container": "heat-engine", "release": "2026.1", "version": "26.0.2"}


@pytest.fixture(autouse=True)
def beside(sqlalchemy, monkeypatch):
    """What only the image has."""
    crypt = types.SimpleNamespace(decrypt=decrypt)
    monkeypatch.setitem(sys.modules, "heat", types.ModuleType("heat"))
    monkeypatch.setitem(sys.modules, "heat.common", types.SimpleNamespace(crypt=crypt))


def decrypt(method: str, data: str, key: str) -> str:
    if key != "ri$ht":
        raise ValueError("Heat has an error of its own for that")
    return data


@pytest.fixture
def judge(load, monkeypatch):
    """``judge(key, found)``: run kolla-heat-key where that is the newest in the database."""
    script = load("heat", "bin", "kolla-heat-key")

    def run(key: str, found: tuple[str, str] | None) -> None:
        monkeypatch.setattr(script, "newest", lambda: found)
        monkeypatch.setenv("OS_DEFAULT__AUTH_ENCRYPTION_KEY", key)
        script.main()

    return run


@pytest.mark.parametrize("key, found", [
    ("ri$ht", ("cryptography_decrypt_v1", "gAAAA")), (r"ri\$ht", ("v1", "gAAAA")),
    ("another", None),
], ids=["it opens what is there", "it is marked for oslo.config", "nothing is there"])
def test_a_key_that_fits_is_accepted_and_no_other(judge, key, found):
    judge(key, found)
    with pytest.raises(SystemExit) as refused:
        judge("another", ("cryptography_decrypt_v1", "gAAAA"))
    assert "[heat] auth_encryption_key is not the one" in str(refused.value)
    assert "put that one back" in str(refused.value)


@pytest.fixture
def domain(load, monkeypatch):
    """kolla-heat-domain, for a domain with that name."""
    monkeypatch.setenv("OS_DEFAULT__STACK_USER_DOMAIN_NAME", "heat")
    return load("heat", "bin", "kolla-heat-domain")


def test_the_administrator_of_the_domain_has_the_password_that_heat_reads(domain, monkeypatch):
    """oslo.config, for which the variable is, wants a dollar marked."""
    made, granted = [], []
    monkeypatch.setenv("KOLLA_IDENTITY_URL", "http://192.0.2.1:5000/v3")
    monkeypatch.setenv("OS_DEFAULT__STACK_DOMAIN_ADMIN", "heat_domain_admin")
    monkeypatch.setenv("OS_DEFAULT__STACK_DOMAIN_ADMIN_PASSWORD", r"pa\$s")
    monkeypatch.setattr(domain.identity, "ensure", lambda _, kind, *__: f"a-{kind}")
    monkeypatch.setattr(
        domain.identity, "ensure_user", lambda _, *login: made.append(login) or "an-admin")
    domain.make(types.SimpleNamespace(put=granted.append))
    assert made == [("http://192.0.2.1:5000/v3", "heat_domain_admin", "pa$s", "a-domain")]
    assert granted == ["/domains/a-domain/users/an-admin/roles/a-role"]


def test_the_domain_is_disabled_before_it_is_removed(domain, capsys):
    calls = []
    keystone = types.SimpleNamespace(
        get=lambda path, params: types.SimpleNamespace(
            json=lambda: {"domains": [{"id": "d1", **params}]}),
        patch=lambda path, json: calls.append((path, json["domain"])),
        delete=lambda path: calls.append((path, "gone")),
    )
    domain.remove(keystone)
    assert calls == [("/domains/d1", {"enabled": False}), ("/domains/d1", "gone")]
    assert "gone: the domain heat" in capsys.readouterr().out


def test_a_domain_that_is_gone_after_an_answer_that_took_too_long_is_gone(domain, capsys):
    def delete(path: str) -> None:
        raise domain.exceptions.NotFound

    domain.remove(types.SimpleNamespace(
        get=lambda path, params: types.SimpleNamespace(json=lambda: {"domains": [{"id": "d1"}]}),
        patch=lambda path, json: None,
        delete=delete,
    ))
    assert "gone: the domain heat" in capsys.readouterr().out


@pytest.mark.parametrize("others, needed", [(set(), False), ({("b", "heat-api")}, True)],
                         ids=["it is the last one", "another host has one"])
def test_the_domain_stays_while_another_container_of_heat_does(
    domain, monkeypatch, others, needed
):
    members = dict.fromkeys({("a", "heat-engine"), *others})
    book = types.SimpleNamespace(state=lambda: types.SimpleNamespace(members=members))
    cursor = types.SimpleNamespace(execute=lambda *_: 1)
    monkeypatch.setattr(domain, "who", lambda: ME)
    url = types.SimpleNamespace(database="heat")
    monkeypatch.setattr(domain.ledger, "urls", lambda: {"OS_DATABASE__CONNECTION": url})
    monkeypatch.setattr(domain.ledger, "connected", lambda *_: contextlib.nullcontext(book))
    monkeypatch.setattr(domain.database, "administrator", lambda: contextlib.nullcontext(cursor))
    assert domain.needed() is needed
