"""kolla status: one screen that answers how it is, what happened, and what waits."""

import contextlib
import datetime
import os
import pty
import types

import pytest

from kolla.cli import matters, overview
from kolla.cli.main import Kolla
from kolla.plans.plan import Do, Kind, Operation, Plan
from kolla.plugin import Task
from kolla.plugin.reports import BackendError, ImageFacts, Usage
from kolla.times import now
from tests.unit.support.engine import Engine
from tests.unit.support.factory import make_spec


@pytest.fixture
def alive(kolla, monkeypatch):
    """Both containers of the host are healthy."""
    monkeypatch.setenv("COLUMNS", "80")
    store = kolla.store
    for name in ("probe", "guard"):
        store.begin(name, make_spec(container=name), {}, "start")
        store.commit(name, 1)
        store.update(name, health="healthy", health_at=now())
    store.close()
    return kolla


def rows_of(kolla, topic: str) -> list[dict]:
    return [row for row in kolla("status", "--quick", "-f", "json").json
            if row["topic"] == topic]


def test_when_all_is_well_it_says_so_in_a_few_lines(alive):
    answer = alive("status", "--quick")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert ": all 2 containers are healthy (checked " in lines[0]
    assert lines[1:] == ["", "Nothing happened in the last 24 hours", "", "Nothing waits for you"]


def test_what_is_not_well_comes_first_with_its_reason(alive):
    with_store(alive, lambda store: store.update(
        "probe", health="unhealthy", health_detail="no answer\nmore"))
    answer = alive("status", "--quick")
    assert answer.code == 1
    first, second = answer.out.splitlines()[:2]
    assert first.endswith(": 1 of 2 containers are healthy, 1 unhealthy")
    assert second.split()[:2] == ["unhealthy", "probe"] and second.endswith("no answer")


def test_nobody_watching_is_told(alive, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with_store(alive, lambda store: store.update("probe", health_at="2026-01-01T00:00:00+00:00"))
    assert "is kolla-monitor running?" in alive("status", "--quick").out


def with_store(kolla, act) -> None:
    store = kolla.store
    act(store)
    store.close()


def test_a_pin_waits_with_the_command_that_ends_it(alive):
    with_store(alive, lambda store: store.update(
        "probe", release_pin="2026.1", pinned_at="2026-11-23T22:12:19.173+00:00",
        pinned_by="rollback to generation 1, by root"))
    shown = alive("status", "--quick").out
    assert "pin           probe  2026.1 since 2026-11-23 22:12:19 UTC" in shown
    assert "`kolla container upgrade probe --follow-config`" in shown


def test_a_pin_that_the_configuration_cannot_end_waits_with_the_command_that_says_why(alive):
    with_store(alive, lambda store: store.update("probe", release_pin="2026.2"))
    shown = alive("status", "--quick").out
    assert "`kolla plan probe`" in shown and "--follow-config" not in shown


def test_an_upgrade_of_a_schema_waits_until_it_is_confirmed(alive):
    tasks = {"contract": (Task("clean", ("x",)),)}
    spec = make_spec(container="probe", release="2026.2", tasks=tasks)

    def upgrade(store):
        store.begin("probe", spec, {}, "upgrade")
        store.commit("probe", 2)

    with_store(alive, upgrade)
    (row,) = rows_of(alive, "unconfirmed")
    assert row["command"] == "kolla container confirm probe"
    with_store(alive, lambda store: store.confirm("probe", 2))
    assert rows_of(alive, "unconfirmed") == []


def test_after_a_rollback_nothing_waits_to_be_confirmed(alive):
    tasks = {"contract": (Task("clean", ("x",)),)}

    def there_and_back(store):
        for release, cause in (("2026.2", "upgrade"), ("2026.1", "rollback")):
            spec = make_spec(container="probe", release=release, tasks=tasks)
            store.commit("probe", store.begin("probe", spec, {}, cause))

    with_store(alive, there_and_back)
    assert rows_of(alive, "unconfirmed") == []


def test_a_broken_configuration_is_shown_with_its_place(alive, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    from kolla.deployment import Deployment

    deployment = Deployment(alive.config.parent)
    deployment.configuration.require_valid()
    deployment.configuration.keep(deployment.state_dir)
    deployment.close()
    with alive.config.open("a") as file:
        file.write("[engine]\nlock_timout = 7\n")
    answer = alive("status", "--quick")
    assert answer.code == 1
    assert "kolla.conf:8" in answer.out and "`kolla config validate`" in answer.out


def test_what_happened_lately_is_listed_with_reasons_of_failures(alive):
    def happen(store):
        store.close_event(store.open_event("upgrade", "probe", 2), "failed", 1.0, "no port")

    with_store(alive, happen)
    line = next(line for line in alive("status", "--quick").out.splitlines() if "upgrade" in line)
    assert line.split()[:2] == ["failed", "probe"] and line.endswith("generation 2: no port")


def test_drift_comes_from_the_plan(alive, monkeypatch):
    engine = Engine()
    facts = ImageFacts("sha256:" + "b" * 64, "kolla/probe:trixie", {})
    engine.built = {facts.reference: facts}
    monkeypatch.setattr("kolla.deployment.Deployment.backend_of", lambda *given: engine)
    plan = Plan("probe", Kind.UPGRADE, (Operation(Do.CREATE, "probe", 2),), ("one", "two"))
    monkeypatch.setattr("kolla.actions.run.plan", lambda *given: {"probe": plan})
    shown = alive("status").out
    assert "drift         probe  one and 1 more" in shown and "`kolla plan probe`" in shown


def test_without_its_engine_it_tells_all_the_rest(alive):
    answer = alive("status")
    assert "engine" in answer.out and "`kolla host check`" in answer.out
    assert "all 2 containers are healthy" in answer.out


def test_it_is_one_screen_however_much_there_is(alive, monkeypatch):
    monkeypatch.setenv("LINES", "24")

    def happen(store):
        for name in [*map(str, range(30)), "probe", "guard"]:
            store.close_event(store.open_event("upgrade", name, 2), "failed", 1.0, "no " * 99)
            store.begin(name, make_spec(container=name), {}, "start")
            store.update(name, health="unhealthy", target="running", release_pin="2026.1")

    with_store(alive, happen)
    lines = alive("status", "--quick").out.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80


def test_a_part_that_is_too_long_names_the_command_that_shows_all(monkeypatch):
    monkeypatch.setenv("LINES", "24")
    found = [matters.Matter("pin", f"web{n}", "pinned", "2026.1") for n in range(20)]
    lines = list(overview.Screen("here", [], found, False, False, False).lines())
    assert lines[-1] == "  and 18 more: `kolla status --long`"
    everything = list(overview.Screen("here", [], found, False, False, True).lines())
    assert "web19" in everything[-1]


def test_what_waits_has_two_lines_on_a_narrow_terminal_and_the_rest_is_cut(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    found = [matters.Matter("engine", "engine", "missing", "it cannot be reached " * 9)]
    lines = list(overview.Screen("here", [], found, False, False, False).lines())[-2:]
    assert lines == ["  engine        it cannot be reached it",
                     " " * 16 + "cannot be reached it ..."]


def test_watching_needs_a_terminal(alive):
    answer = alive("status", "--watch")
    assert answer.code == 2 and "--watch needs a terminal" in answer.err


def test_it_is_shown_again_and_again_until_ctrl_c(alive, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    parent, child = pty.openpty()
    looks: list[float] = []

    def pause(seconds):
        looks.append(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt

    # Not for threads of earlier tests, which may sleep too.
    monkeypatch.setattr(overview, "time", types.SimpleNamespace(sleep=pause))
    with open(child, "w") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        options = ["--config-dir", str(alive.config.parent)]
        assert Kolla().run([*options, "status", "--watch", "--quick"]) == 0
    shown = ""
    with contextlib.suppress(OSError):  # all was read, and the other end is closed
        while piece := os.read(parent, 1 << 16):
            shown += piece.decode()
    assert len(looks) == 2 and "all 2 containers" in shown
    os.close(parent)


def test_events_of_more_than_a_day_ago_are_no_news(alive):
    old = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)

    def happen(store):
        store.close_event(store.open_event("upgrade", "probe", 2), "done", 1.0)
        store._write("UPDATE events SET at = ?", old.isoformat())

    with_store(alive, happen)
    assert "Nothing happened" in alive("status", "--quick").out


def test_a_container_near_its_limit_is_named(alive, monkeypatch):
    def upgrade(store):
        store.begin("probe", make_spec(container="probe", limits={"memory": 100, "pids": 9}), {},
                    "upgrade")
        store.commit("probe", 2)

    with_store(alive, upgrade)
    engine = Engine()
    engine.usage = lambda name: Usage(memory=95, pids=1)
    monkeypatch.setattr("kolla.deployment.Deployment.backend_of", lambda *given: engine)
    monkeypatch.setattr("kolla.actions.run.plan", lambda *given: {})
    assert "limit         probe  uses 95% of its memory" in alive("status").out


def test_a_container_that_has_gone_hides_nothing_else(alive, monkeypatch):
    def limit(store):
        store.begin("probe", make_spec(container="probe", limits={"memory": 100}), {}, "upgrade")
        store.commit("probe", 2)

    def usage(name):
        raise BackendError("the engine refuses: No such container: probe-g2")

    with_store(alive, limit)
    engine = Engine()
    engine.usage = usage
    monkeypatch.setattr("kolla.deployment.Deployment.backend_of", lambda *given: engine)
    plan = Plan("probe", Kind.UPGRADE, (Operation(Do.CREATE, "probe", 2),), ("it is missing",))
    monkeypatch.setattr("kolla.actions.run.plan", lambda *given: {"probe": plan})
    shown = alive("status").out
    assert "drift         probe  it is missing" in shown and "No such container" not in shown
