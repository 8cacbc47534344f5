"""What the monitor does when it is told to read its configuration again, and to end."""

import logging
import os
import shutil
import signal
import threading
import time

import pytest
from tests.unit.support.engine import Engine
from tests.unit.support.monitored import MadeUp
from tests.unit.support.plugins import make_catalog, make_container

from kolla.catalog import discovery
from kolla.catalog.discovery import PluginError
from kolla.errors import KollaError
from kolla.monitor import chores, daemon, systemd, watcher
from kolla.monitor.daemon import Daemon
from kolla.plugin import Task
from kolla.plugin.reports import Outcome
from kolla.settings import Invalid, Problem
from kolla.store import records
from kolla.store.store import Store
from kolla.times import ago

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def quick(monkeypatch, caplog):
    monkeypatch.setattr(watcher, "FIRST", 0)
    monkeypatch.setattr(records, "_actor", "")
    caplog.set_level(logging.INFO)
    before = [(number, signal.signal(number, lambda *_: None)) for number in SIGNALS]
    yield
    for number, handler in before:  # a late signal did no harm
        signal.signal(number, handler)


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def make(tmp_path, engine):
    """A function that makes the deployment of a container that runs, whenever it is called."""
    def make(text: str = "") -> MadeUp:
        return MadeUp(tmp_path, engine, "web", text=text)

    make().run("web")
    return make


@pytest.fixture
def says(caplog):
    """A function that waits until the monitor has said something, so often."""
    def says(what: str, times: int = 1) -> None:
        until(lambda: sum(what in message for message in caplog.messages) >= times)
    return says


@pytest.fixture
def run(says):
    """A function that runs a monitor until ``script``, in another thread, has ended it."""
    def run(deploy, script) -> None:
        failures, over = [], threading.Event()

        def play() -> None:
            try:
                says("watches the containers")
                script()
                assert over.wait(60), "it goes on"
            except BaseException as error:
                failures.append(error)
            finally:
                send(signal.SIGTERM)

        thread = threading.Thread(target=play)
        thread.start()
        Daemon(deploy).run()
        over.set()
        thread.join()
        assert not failures, failures

    return run


def until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


def listeners() -> int:
    return [thread.name for thread in threading.enumerate()].count("happenings")


def test_hooks_are_told_on_after_a_wrong_configuration_was_read(run, make, engine, says):
    made = []

    def deploy():
        if made:
            raise KollaError("[monitor] retry_pause is wrong")
        made.append(make())
        return made[0]

    def script():
        says("web generation 1 healthy")
        send(signal.SIGHUP)
        says("the configuration stays as it was")
        engine.answers["web-g1"] = Outcome(1, "sick")
        says("web generation 1 unhealthy: sick")
        send(signal.SIGTERM)

    run(deploy, script)


@pytest.mark.parametrize("error", [TypeError("no text"), KollaError("it cannot be imported")])
def test_a_reload_that_a_broken_plugin_spoils_leaves_the_monitor_as_it_was(
    run, make, says, monkeypatch, error
):
    made = []

    def fail(name):
        raise error

    def deploy():
        made.append(make())
        if len(made) > 1:
            monkeypatch.setattr(made[1], "backend_of", fail)
        return made[-1]

    def script():
        says("web generation 1 healthy")
        send(signal.SIGHUP)
        says("the configuration stays as it was")
        says("watches the containers", times=2)
        send(signal.SIGTERM)

    run(deploy, script)


@pytest.mark.parametrize("name, lost", [("web", True), ("web", False), ("new", False)])
def test_a_reload_loses_no_plugin_that_was_upgraded_and_does_not_fit_what_is_loaded(
    run, make, says, caplog, name, lost
):
    made = []

    def deploy():
        made.append(make())
        if len(made) > 1:
            if lost:
                made[1].installed = make_catalog(make_container("other"))
            error = PluginError("kolla.containers", name, "them", "cannot be imported")
            made[1].installed.errors.append(error)
        return made[-1]

    def script():
        says("web generation 1 healthy")
        send(signal.SIGHUP)
        says("watches the containers", times=2)
        send(signal.SIGTERM)

    run(deploy, script)
    assert ("stays as it was: plugin 'web'" in caplog.text) == lost
    assert ("`systemctl restart kolla-monitor`" in caplog.text) == lost


def test_a_reload_does_not_lead_to_the_state_of_another_deployment(
    run, make, says, tmp_path, caplog
):
    texts = ["", f"[DEFAULT]\nstate_dir = {tmp_path}/other\n"]

    def script():
        says("web generation 1 healthy")
        send(signal.SIGHUP)
        says(f"state_dir is {tmp_path}/other, no longer {tmp_path}/state")
        says("watches the containers", times=2)
        send(signal.SIGTERM)

    run(lambda: make(texts.pop(0)), script)
    assert "`systemctl restart kolla-monitor`" in caplog.text


def test_an_end_asked_for_while_the_configuration_is_read_is_one(run, make):
    made = []

    def deploy():
        if made:
            send(signal.SIGTERM)
        made.append(make())
        return made[-1]

    def script():
        send(signal.SIGHUP)

    run(deploy, script)
    assert len(made) == 2


def test_a_change_made_while_the_configuration_is_read_is_read_too(run, make, says):
    made = []

    def deploy():
        if len(made) == 1:
            send(signal.SIGHUP)
        made.append(make())
        return made[-1]

    def script():
        send(signal.SIGHUP)
        says("watches the containers", times=2)
        send(signal.SIGTERM)

    run(deploy, script)
    assert len(made) == 3


def test_nothing_of_a_configuration_is_left_once_another_one_is_read(run, make, says):
    made = []

    def deploy():
        made.append(make())
        return made[-1]

    def script():
        for times in (2, 3, 4):
            send(signal.SIGHUP)
            says("watches the containers", times)
        until(lambda: listeners() == 1)
        for before in made[:-1]:
            with pytest.raises(KollaError, match="closed"):
                before.store.records()
        send(signal.SIGTERM)

    run(deploy, script)


def test_a_reload_finds_plugins_that_came_and_went_since(run, make, says, tmp_path, monkeypatch):
    place, found = tmp_path / "packages", []
    late = place / "late-1.0.dist-info"
    place.mkdir()
    monkeypatch.syspath_prepend(place)

    def deploy():
        found.append("late" in discovery.names("kolla.exporters"))
        return make()

    def script():
        late.mkdir()
        (late / "METADATA").write_text("Metadata-Version: 2.1\nName: late\nVersion: 1.0\n")
        (late / "entry_points.txt").write_text("[kolla.exporters]\nlate = late:Exporter\n")
        send(signal.SIGHUP)
        says("watches the containers", times=2)
        shutil.rmtree(late)
        send(signal.SIGHUP)
        says("watches the containers", times=3)
        send(signal.SIGTERM)

    run(deploy, script)
    assert found == [False, True, False]


def test_who_may_not_read_the_state_any_more_has_no_copy_of_it_after_a_reload(
    run, make, tmp_path, monkeypatch
):
    monkeypatch.setattr(watcher, "PUBLISH", 0.05)
    copy = tmp_path / "run"
    texts = [f"[DEFAULT]\nreaders = nogroup\nreaders_dir = {copy}\n", ""]

    def script():
        until(copy.exists)
        send(signal.SIGHUP)
        until(lambda: not copy.exists())
        send(signal.SIGTERM)

    run(lambda: make(texts.pop(0)), script)


def test_systemd_sees_signs_of_life_while_a_reload_waits_for_what_is_under_way(
    run, make, engine, says, monkeypatch
):
    seen = []
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.setattr(systemd, "notify", lambda *lines: seen.append(lines[0]))

    def stop(name: str, grace: int) -> None:
        send(signal.SIGHUP)
        until(lambda: seen[-3:] == ["WATCHDOG=1"] * 3 and "RELOADING=1" in seen)

    def script():
        says("web is healthy")
        engine.stop, engine.answers["web-g1"] = stop, Outcome(1, "sick")
        says("watches the containers", times=2)
        send(signal.SIGTERM)

    run(make, script)
    waited = seen[seen.index("RELOADING=1"):]
    assert waited[1:4] == ["WATCHDOG=1"] * 3


def test_a_reload_lets_a_task_end_that_is_under_way(run, make, engine, says, monkeypatch, caplog):
    purge = Task("purge", ("purge",), every=3600)
    make().run("web", tasks={"on_demand": (purge,)})
    overdue = make()
    overdue.store._write("UPDATE generations SET committed = ?", ago(7200))
    overdue.close()
    monkeypatch.setattr(chores, "SOON", 0.05)
    monkeypatch.setattr(daemon, "TASKS", 0.05)
    begun, reloaded = threading.Event(), threading.Event()

    def purged(instance, timeout):
        engine.tasks.append(instance.name)
        begun.set()
        assert reloaded.wait(60)
        return Outcome(1, "no rights")

    def script():
        assert begun.wait(60)
        send(signal.SIGHUP)
        says("watches the containers", times=2)
        asked = len(engine.asked)
        until(lambda: len(engine.asked) > asked + 3)
        reloaded.set()
        says("the task purge ended with exit code 1")
        send(signal.SIGTERM)

    monkeypatch.setattr(engine, "run", purged)
    run(make, script)
    tried = [event for event in make().store.events() if event.action == "task"]
    assert [event.outcome for event in tried] == ["failed"]
    assert "what a killed command left" not in caplog.text and len(engine.tasks) == 1


def with_events(deployment, monkeypatch, *ages: int):
    """Events so many days old."""
    with monkeypatch.context() as past:
        for days in ages:
            past.setattr("kolla.store.journal.now", lambda days=days: ago(days * 86_400))
            event = deployment.store.open_event("restart", "web", 1, f"{days} days ago")
            deployment.store.close_event(event, "done", 1.0)
    return deployment


def events_of(deployment) -> list[str]:
    return [event.detail for event in Store(deployment.state_dir).events()]


def test_events_older_than_the_configuration_says_are_forgotten(run, make, monkeypatch):
    deployment = with_events(make("[engine]\nkeep_events = 3\n"), monkeypatch, 4, 2, 5, 4)
    monkeypatch.setattr(daemon, "HOUR", 0.1)
    monkeypatch.setattr(Store.forget_events, "__defaults__", (2,))

    def script():
        until(lambda: len(events_of(deployment)) == 3)
        send(signal.SIGTERM)

    run(lambda: deployment, script)
    assert events_of(deployment) == ["2 days ago", "5 days ago", "4 days ago"]


def test_a_clock_that_is_wrong_when_the_monitor_begins_deletes_no_event(
    run, make, says, monkeypatch
):
    deployment = with_events(make(), monkeypatch, 400, 399)

    def script():
        says("web generation 1 healthy")  # all work of the start has begun
        send(signal.SIGTERM)

    run(lambda: deployment, script)
    assert events_of(deployment) == ["400 days ago", "399 days ago"]


def test_a_monitor_copies_the_state_file_once_a_day(run, make, engine, says):
    deployment = make()
    copies = deployment.state_dir / "copies"

    def script():
        until(lambda: list(copies.glob("kolla-*.sqlite")))
        send(signal.SIGTERM)

    run(lambda: deployment, script)
    copy, = copies.iterdir()
    assert copy.stat().st_mode & 0o777 == 0o600
    before = copy.stat().st_mtime_ns

    def once_more():
        says("watches the containers", times=2)
        asked = len(engine.asked)
        until(lambda: len(engine.asked) > asked + 2)
        send(signal.SIGTERM)

    run(make, once_more)
    assert copy.stat().st_mtime_ns == before


def test_a_configuration_that_is_refused_is_on_show(run, make, says):
    made = []

    def deploy():
        if made:
            raise Invalid([Problem("/etc/kolla/kolla.conf", 7, "a typo")])
        made.append(make())
        return made[-1]

    def script():
        send(signal.SIGHUP)
        says("the configuration stays as it was")
        send(signal.SIGTERM)

    run(deploy, script)
    assert made[0].configuration.invalid.problems[0].place == "kolla.conf:7"
