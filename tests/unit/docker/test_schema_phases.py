"""Who may do what to a schema that several hosts share; no database."""

import datetime
import importlib
import types
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolla.plugin import shared_folder

FOLDER = shared_folder("docker", "openstack-base", "tools")
NOON = datetime.datetime(2026, 5, 1, 12)
RELEASES = ("2025.2", "2026.1", "2026.2")
VERSIONS = {"2025.2": "28.1.0", "2026.1": "29.1.0", "2026.2": "30.0.0"}


@pytest.fixture
def module(tools):
    """A module of the image's tools by its name."""
    return lambda name: importlib.import_module(f"kolla_image.{name}")


@pytest.fixture
def phases(module):
    return module("phases")


def state(phases, hosts=(), expand="", contract="", done=True, version=""):
    """A ledger: hosts as (name, release, confirmed), and how far the schema is.

    A name may have a container as well: ``worker on ctl1``.
    """
    known = {"expand": expand, "contract": contract}
    steps = {
        phase: phases.Step(phase, release, version or VERSIONS[release], "ctl1", NOON, done)
        for phase, release in known.items() if release
    }
    members = {}
    for name, release, confirmed in hosts:
        container, _, host = name.rpartition(" on ")
        key = host, container or "api"
        members[key] = phases.Member(*key, release, NOON, confirmed)
    return phases.State(members, steps)


def test_refusal_names_host_release_and_time(phases):
    with pytest.raises(phases.Refused) as refusal:
        phases.refuse_older(state(phases, contract="2026.2"), "2026.1")
    assert str(refusal.value) == (
        "the schema was contracted for 2026.2 by ctl1 on 2026-05-01 12:00 UTC: "
        "2026.1 cannot use it any more"
    )


def test_a_contraction_that_was_interrupted_refuses_older_releases_as_well(phases):
    with pytest.raises(phases.Refused):
        phases.refuse_older(state(phases, contract="2026.2", done=False), "2026.1")


@pytest.mark.parametrize("contract, refused", [
    ("", False), ("2025.2", False), ("2026.1", False), ("2026.2", True),
])
def test_a_release_may_use_what_was_contracted_for_it_or_before(phases, contract, refused):
    try:
        phases.refuse_older(state(phases, contract=contract, expand="2026.2"), "2026.1")
    except phases.Refused:
        assert refused
    else:
        assert not refused


def test_a_second_host_finds_the_schema_expanded_and_says_by_whom(phases):
    done = phases.nothing_to_expand(state(phases, expand="2026.1"), "2026.1", "29.1.0")
    assert done == (
        "the schema is expanded already, for 2026.1 by ctl1 on 2026-05-01 12:00 UTC"
    )


def test_an_interrupted_expansion_is_taken_up_again(phases):
    interrupted = state(phases, expand="2026.1", done=False)
    assert phases.nothing_to_expand(interrupted, "2026.1", "29.1.0") == ""
    assert interrupted.interrupted("expand")


def test_older_software_leaves_the_expansion_of_newer_software_alone(phases):
    begun = state(phases, expand="2026.2", done=False)
    assert phases.nothing_to_expand(begun, "2026.1", "29.1.0")
    newer = state(phases, expand="2026.1", version="29.2.0")
    assert phases.nothing_to_expand(newer, "2026.1", "29.1.0")


def test_a_newer_version_of_the_same_release_expands(phases):
    assert phases.nothing_to_expand(state(phases, expand="2026.1"), "2026.1", "29.2.0") == ""


def test_contract_waits_for_hosts_that_are_older_or_have_not_confirmed(phases):
    hosts = [
        ("ctl1", "2026.1", True), ("ctl2", "2026.1", False), ("ctl3", "2025.2", True),
        ("ctl4", "2026.2", True),
    ]
    waiting = phases.held_up_by(state(phases, hosts), "2026.1")
    assert [str(member) for member in waiting] == [
        "api on ctl2 (2026.1, not confirmed)", "api on ctl3 (2025.2, confirmed)"
    ]


def test_one_container_does_not_speak_for_another_of_its_host(phases):
    hosts = [("api on ctl1", "2026.2", True), ("worker on ctl1", "2026.1", True)]
    waiting = phases.held_up_by(state(phases, hosts), "2026.2")
    assert [str(member) for member in waiting] == ["worker on ctl1 (2026.1, confirmed)"]


def test_what_is_contracted_is_not_contracted_again(phases):
    contracted = state(phases, expand="2026.1", contract="2026.1")
    assert phases.nothing_to_contract(contracted, "2026.1", "29.1.0")
    assert phases.nothing_to_contract(contracted, "2025.2", "28.1.0")


def test_an_interrupted_contraction_is_taken_up_again(phases):
    interrupted = state(phases, expand="2026.1", contract="2026.1", done=False)
    assert phases.nothing_to_contract(interrupted, "2026.1", "29.1.0") == ""


def test_a_schema_that_is_expanded_for_more_is_contracted_with_that(phases):
    expanded = state(phases, expand="2026.2", contract="2025.2")
    assert "with that" in phases.nothing_to_contract(expanded, "2026.1", "29.1.0")
    assert phases.nothing_to_contract(expanded, "2026.2", "30.0.0") == ""


@pytest.mark.parametrize("known, kept", [
    ([("ctl1", "2026.1", True)], True),
    ([("ctl1", "2026.1", False)], False),
    ([("ctl1", "2025.2", True)], False),
    ([], False),
])
def test_an_upgrade_within_a_release_keeps_its_confirmation(phases, known, kept):
    assert phases.confirmed_already(state(phases, known), "ctl1", "api", "2026.1") is kept


@given(st.data())
def test_no_host_is_ever_left_with_a_schema_it_cannot_use(data):
    """Two containers of two hosts upgrade, confirm and go back as they like, under the rules."""
    import sys

    sys.path.insert(0, str(FOLDER))
    try:
        phases = importlib.import_module("kolla_image.phases")
    finally:
        sys.path.remove(str(FOLDER))
    names = ("api on ctl1", "worker on ctl1", "api on ctl2", "worker on ctl2")
    hosts = {name: ("2025.2", True) for name in names}
    expand = contract = "2025.2"
    for _ in range(data.draw(st.integers(1, 30))):
        name = data.draw(st.sampled_from(sorted(hosts)))
        release, _ = hosts[name]
        now = state(
            phases, [(other, *told) for other, told in hosts.items()], expand, contract
        )
        move = data.draw(st.sampled_from(["upgrade", "confirm", "back"]))
        if move == "upgrade" and release != RELEASES[-1]:
            wanted = RELEASES[RELEASES.index(release) + 1]
            phases.refuse_older(now, wanted)
            expand, hosts[name] = max(expand, wanted), (wanted, False)
        elif move == "back" and release != RELEASES[0]:
            wanted = RELEASES[RELEASES.index(release) - 1]
            try:
                phases.refuse_older(now, wanted)
            except phases.Refused:
                assert contract > wanted
            else:
                hosts[name] = (wanted, False)
        elif move == "confirm":
            hosts[name] = (release, True)
            now = state(
                phases, [(other, *told) for other, told in hosts.items()], expand, contract
            )
            done = phases.nothing_to_contract(now, release, VERSIONS[release])
            if not done and not phases.held_up_by(now, release):
                contract = release
        assert all(told[0] >= contract for told in hosts.values())


# The same table in two databases, one of which has rows.
DUMP = b"""\
-- MariaDB dump
USE `nova_api`;
CREATE TABLE `user` (
INSERT INTO `user` VALUES (1);
USE `nova`;
CREATE TABLE `user` (
CREATE TABLE `a``b` (
-- Dump completed
"""
TABLES, FILLED = {("nova_api", "user"), ("nova", "user"), ("nova", "a`b")}, {("nova_api", "user")}


def test_a_dump_is_refused_for_the_tables_or_rows_that_it_lacks_and_only_then(module):
    dump = module("dump")

    def why(tables: set, filled: set) -> str:
        found = dump._copy(DUMP.splitlines(keepends=True), io.BytesIO())
        try:
            dump.refuse_incomplete(found, tables, filled)
        except SystemExit as refusal:
            return str(refusal)
        return ""

    assert why(TABLES, FILLED) == ""
    assert "it has no CREATE TABLE of nova_cell0.user" in why(
        TABLES | {("nova_cell0", "user")}, FILLED
    )
    assert "it has no INSERT INTO of nova.a`b, nova.user" in why(TABLES, TABLES)


def test_databases_are_those_that_the_plugin_names_and_the_first_holds_the_ledger(
    module, monkeypatch
):
    monkeypatch.delenv("KOLLA_SCHEMA_DATABASES", raising=False)
    assert module("environment").databases() == ["OS_DATABASE__CONNECTION"]
    monkeypatch.setenv("KOLLA_SCHEMA_DATABASES", "OS_API_DATABASE__CONNECTION OS_DATABASE__X")
    assert module("environment").databases() == ["OS_API_DATABASE__CONNECTION", "OS_DATABASE__X"]


#: Writes down how it was called, and an empty dump.
CLIENT = """\
#!/bin/sh
printf '%s\\n' "$@" > "$0.called"
echo '-- Dump completed'
"""


def test_a_dump_obeys_no_configuration_of_the_service_and_shows_no_password(
    module, tmp_path, monkeypatch
):
    dump, client = module("dump"), tmp_path / "mariadb-dump"
    client.write_text(CLIENT)
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("KOLLA_CONTAINER", "web")
    monkeypatch.setenv("KOLLA_GENERATION", "3")
    monkeypatch.setattr(dump, "FOLDER", tmp_path)
    for name in ("tables", "_filled"):
        monkeypatch.setattr(dump, name, lambda *_: set())
    url = types.SimpleNamespace(
        host="db", port=3306, username="web", password="se$cret", database="web", query={}
    )
    connection = types.SimpleNamespace(engine=types.SimpleNamespace(url=url))
    assert (tmp_path / dump.dump(connection, {"web": url}, "2026.1")).exists()
    arguments = (tmp_path / "mariadb-dump.called").read_text().splitlines()
    # The client obeys ~/.my.cnf unless this comes first.
    assert arguments[0] == "--no-defaults" and "se$cret" not in " ".join(arguments)
