"""What kolla-schema does in each phase, by what the ledger holds; no database."""

import datetime
import importlib
import sys
import types

import pytest

NOON = datetime.datetime(2026, 5, 1, 12)
OLD, NEW = ("2026.1", "29.1.0"), ("2026.2", "30.0.0")


@pytest.fixture
def schema(tools, monkeypatch):
    """The module, with a ledger in memory."""
    ledger = types.SimpleNamespace(Ledger=object, connected=None)
    monkeypatch.setitem(sys.modules, "kolla_image.ledger", ledger)
    return importlib.import_module("kolla_image.schema")


class Site:
    """A database and its ledger, as the host ctl1 with new software finds it."""

    def __init__(self, schema, monkeypatch):
        self.schema, self.phases = schema, schema.phases
        self.members, self.steps = {}, {}
        self.ran, self.dumped = [], []
        self.connection = self.urls = None
        monkeypatch.setattr(schema, "run", self._run)
        monkeypatch.setattr(
            schema.dumps, "dump", lambda connection, urls, release: self.dumped.append(release)
        )

    def act(
        self, phase: str, host: str = "ctl1", software=NEW, container: str = "api", gone=(),
    ) -> None:
        names = ("host", "container", "release", "version")
        self.who = dict(zip(names, (host, container, *software)))
        self.schema.PHASES[phase](self, self.who, *gone)

    def known(self, host: str, release: str, confirmed: bool, container: str = "api") -> None:
        key = host, container
        self.members[key] = self.phases.Member(*key, release, NOON, confirmed)

    def reached(self, phase: str, software, done: bool = True) -> None:
        self.steps[phase] = self.phases.Step(phase, *software, "ctl1", NOON, done)

    def hears(self, host: str, container: str = "api") -> tuple[str, bool]:
        member = self.members[host, container]
        return member.release, member.confirmed

    # What the phases use

    def state(self):
        return self.phases.State(dict(self.members), dict(self.steps))

    def say(self, release: str, confirmed: bool) -> None:
        self.known(self.who["host"], release, confirmed, self.who["container"])

    def forget(self, host: str, container: str) -> None:
        del self.members[host, container]

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
    """As after a delete: the data are there, and no other host uses them."""
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


# Several containers of one project


def test_the_first_container_that_upgrades_expands_and_the_last_that_confirms_contracts(site):
    site.known("ctl1", "2026.1", True, "worker")
    for container in ("api", "worker"):
        site.act("dump", container=container)
        site.act("expand", container=container)
    assert (site.ran, site.dumped) == (["EXPAND"], ["2026.1"])
    with pytest.raises(SystemExit):
        site.act("contract", container="api")
    assert site.ran == ["EXPAND"]
    site.act("contract", container="worker")
    assert site.ran == ["EXPAND", "CONTRACT"]


def test_nothing_contracts_while_a_container_of_the_same_host_has_not_been_upgraded(site, capsys):
    site.known("ctl1", "2026.1", True, "worker")
    site.act("expand")
    with pytest.raises(SystemExit) as ended:
        site.act("contract")
    assert ended.value.code == site.schema.WAITS
    assert "it waits for worker on ctl1 (2026.1, confirmed)" in capsys.readouterr().out


@pytest.mark.parametrize("container, left", [
    (None, {("ctl2", "api")}), ("worker", {("ctl1", "api"), ("ctl2", "api")}),
])
def test_a_host_or_one_of_its_containers_can_be_forgotten(site, container, left):
    site.known("ctl1", "2026.1", True, "worker")
    site.known("ctl2", "2026.1", True)
    site.act("forget", "ctl2", software=OLD, gone=("ctl1", container))
    assert set(site.members) == left
