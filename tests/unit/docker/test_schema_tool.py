"""What kolla-schema does in each phase, by what the ledger holds; no database."""

import datetime
import importlib
import sys
import types

import pytest

from kolla.plugin import shared_folder

NOON = datetime.datetime(2026, 5, 1, 12)
OLD, NEW = ("2026.1", "29.1.0"), ("2026.2", "30.0.0")


@pytest.fixture
def schema(monkeypatch):
    """The module, with a ledger in memory."""
    monkeypatch.syspath_prepend(str(shared_folder("docker", "openstack-base", "tools")))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    ledger = types.SimpleNamespace(Ledger=object, connected=None)
    monkeypatch.setitem(sys.modules, "kolla_image.ledger", ledger)
    return importlib.import_module("kolla_image.schema")


class Site:
    """A database and its ledger, as the host ctl1 with new software finds it."""

    def __init__(self, schema, monkeypatch):
        self.schema, self.phases = schema, schema.phases
        self.hosts, self.steps = {}, {}
        self.ran, self.dumped = [], []
        self.connection = types.SimpleNamespace(engine=types.SimpleNamespace(url="mysql://"))
        monkeypatch.setattr(schema, "run", self._run)
        monkeypatch.setattr(schema.dumps, "dump", lambda url, release: self.dumped.append(release))

    def act(self, phase: str, host: str = "ctl1", software=NEW) -> None:
        self.who = dict(zip(("host", "release", "version"), (host, *software)))
        self.schema.PHASES[phase](self, self.who)

    def known(self, host: str, release: str, confirmed: bool) -> None:
        self.hosts[host] = self.phases.Host(host, release, NOON, confirmed)

    def reached(self, phase: str, software, done: bool = True) -> None:
        self.steps[phase] = self.phases.Step(phase, *software, "ctl1", NOON, done)

    def hears(self, host: str) -> tuple[str, bool]:
        return self.hosts[host].release, self.hosts[host].confirmed

    # What the phases use

    def state(self):
        return self.phases.State(dict(self.hosts), dict(self.steps))

    def say(self, release: str, confirmed: bool) -> None:
        self.known(self.who["host"], release, confirmed)

    def _run(self, ledger, commands: str, *steps: str) -> None:
        self.ran.append(commands)
        for step in steps:
            self.reached(step, (self.who["release"], self.who["version"]))


@pytest.fixture
def site(schema, monkeypatch):
    """The schema is of the old release, which ctl1 runs and has confirmed."""
    site = Site(schema, monkeypatch)
    site.known("ctl1", "2026.1", True)
    site.reached("expand", OLD)
    site.reached("contract", OLD)
    return site


def test_upgrades_that_are_tried_again_keep_the_one_dump_from_before(site, capsys):
    for _ in range(3):
        site.act("dump")
        site.act("expand")
    assert site.dumped == ["2026.1"]
    assert "expanded for 2026.2 by ctl1 on 2026-05-01 12:00 UTC: there is no dump after that" in (
        capsys.readouterr().out
    )


def test_what_a_killed_expansion_has_left_is_not_dumped(site):
    site.reached("expand", NEW, done=False)
    site.act("dump")
    assert site.dumped == []


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_bootstrap_that_is_repeated_confirms_nothing(site, confirmed):
    """As a rotated password repeats it."""
    site.reached("expand", NEW)
    site.known("ctl1", "2026.2", confirmed)
    site.act("bootstrap")
    assert site.hears("ctl1") == ("2026.2", confirmed)


def test_no_host_contracts_because_another_one_was_set_up_again(site):
    site.reached("expand", NEW)
    for host in ("ctl1", "ctl2"):
        site.known(host, "2026.2", False)
    site.act("bootstrap", "ctl1")
    with pytest.raises(SystemExit) as ended:
        site.act("contract", "ctl2")
    assert (ended.value.code, site.ran) == (site.schema.WAITS, [])


def test_a_host_that_joins_has_nothing_to_go_back_to_and_holds_nobody_up(site):
    site.act("bootstrap", "ctl2", OLD)
    assert site.hears("ctl2") == ("2026.1", True)


def test_a_schema_is_made_in_one_go_only_where_there_is_none(site, schema, monkeypatch):
    empty = Site(schema, monkeypatch)
    empty.act("bootstrap")
    assert (empty.ran, empty.hears("ctl1")) == (["SYNC"], ("2026.2", True))


@pytest.mark.parametrize("contract", [True, False])
def test_a_schema_whose_making_was_killed_is_made_to_its_end(schema, monkeypatch, contract):
    begun = Site(schema, monkeypatch)
    for phase in ["expand", "contract"][:1 + contract]:
        begun.reached(phase, NEW, done=False)
    begun.act("bootstrap")
    assert begun.ran == ["SYNC"]


@pytest.mark.parametrize("settings, dumped", [({"KOLLA_DUMPS_KEPT": "5"}, ["2026.1"]), ({}, [])])
def test_a_start_with_a_later_release_is_an_upgrade_that_is_to_be_confirmed(
    site, monkeypatch, settings, dumped
):
    """As after a delete: the data is there, and nobody else uses it."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    site.act("bootstrap")
    assert (site.ran, site.dumped) == (["EXPAND"], dumped)
    assert site.hears("ctl1") == ("2026.2", False)


def test_an_expansion_that_was_killed_is_taken_up_by_a_start_and_contracts_nothing(site):
    site.reached("contract", OLD, done=False)
    site.reached("expand", NEW, done=False)
    site.act("bootstrap")
    assert site.ran == ["EXPAND"]


def test_a_host_that_joins_with_a_later_release_dumps_what_the_others_have(site, monkeypatch):
    monkeypatch.setenv("KOLLA_DUMPS_KEPT", "5")
    site.act("bootstrap", "ctl2")
    assert (site.ran, site.dumped) == (["EXPAND"], ["2026.1"])
