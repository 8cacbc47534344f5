"""Hooks are told of every event, and can harm neither the work nor each other."""

import json
import logging
import os
import re
import threading
import time

import pytest
from tests.unit.support.plugins import make_catalog, make_settings

from kolla.actions.events import notify
from kolla.deployment import Deployment
from kolla.hooks import BACKLOG, Command, Hooks
from kolla.plans.plan import Plan
from kolla.plugin.event import KINDS, Event
from kolla.settings.secrets import masked

EVENT = Event(
    "2026-01-01T00:00:00+00:00", "alice", "upgraded", "web", "front", 3, "failed", "it's odd"
)


class FakeCatalog:
    """Hooks by name."""

    def __init__(self, **hooks):
        self.hook = hooks.__getitem__


def hooks_of(catalog, settings) -> Hooks:
    return Hooks(catalog, settings, lambda text: masked(settings, text))


def told(tmp_path, *events: Event, options: str = "", timeout: float = 5, **hooks) -> None:
    text = f"[hooks]\nenabled = {', '.join(hooks)}\n{options}"
    made = hooks_of(FakeCatalog(**hooks), make_settings(tmp_path, text))
    for event in events:
        made.tell(event)
    made.close(timeout)


@pytest.fixture
def script(tmp_path):
    """A function that writes an executable."""
    def write(text: str) -> str:
        path = tmp_path / "script"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)
    return write


@pytest.fixture
def lines(caplog):
    """A function that returns what was reported."""
    caplog.set_level(logging.WARNING)
    return lambda: caplog.messages


def test_each_hook_is_told_of_everything_in_order(tmp_path):
    one, two = [], []
    events = [Event("", "", kind, "web", "front") for kind in ("started", "healthy", "stopped")]
    told(tmp_path, *events, one=one.append, two=two.append)
    assert one == two == events


def test_a_hook_that_is_a_class_is_made_from_the_settings(tmp_path):
    class Remembers:
        seen = []

        @classmethod
        def from_settings(cls, settings):
            return lambda event: cls.seen.append((settings.value("web", "port"), event.kind))

    told(tmp_path, EVENT, remembers=Remembers)
    assert Remembers.seen == [(8080, "upgraded")]


@pytest.mark.parametrize("error", [RuntimeError("two\nlines"), SystemExit(3)])
def test_a_hook_that_raises_is_reported_once_and_the_others_are_told(tmp_path, lines, error):
    def broken(event):
        raise error

    seen = []
    told(tmp_path, EVENT, EVENT, broken=broken, fine=seen.append)
    assert seen == [EVENT, EVENT]
    text = " ".join(str(error).split())
    assert lines() == [f"the hook broken failed: {type(error).__name__}: {text}"]


def test_a_hook_that_is_well_again_may_be_reported_again(tmp_path, lines):
    answers = iter([ValueError(1), ValueError(2), None, ValueError(3)])

    def moody(event):
        if error := next(answers):
            raise error

    told(tmp_path, *[EVENT] * 4, moody=moody)
    assert [line[-1] for line in lines()] == ["1", "3"]


def test_a_hook_that_hangs_is_not_waited_for_and_reported_once(tmp_path, lines):
    leave, seen, began = threading.Event(), [], time.monotonic()
    told(
        tmp_path, EVENT, EVENT, hangs=lambda event: leave.wait(30), fine=seen.append, timeout=0.2
    )
    leave.set()
    assert time.monotonic() - began < 25 and len(seen) == 2
    assert lines() == ["the hook hangs is still at work, and is not waited for any longer"]


def test_a_hook_that_hangs_under_the_monitor_is_reported_meanwhile(tmp_path, lines):
    leave = threading.Event()
    text = "[hooks]\nenabled = hangs\nwait = 1\n"
    hooks = hooks_of(
        FakeCatalog(hangs=lambda event: leave.wait(30)), make_settings(tmp_path, text)
    )
    hooks.tell(EVENT)
    deadline = time.monotonic() + 25
    while not lines() and time.monotonic() < deadline:
        time.sleep(0.02)
    leave.set()
    hooks.close()
    (line,) = lines()
    assert re.fullmatch(rf"the hook hangs hangs: told \d+ s ago of {re.escape(str(EVENT))}", line)


def test_a_hook_that_falls_behind_costs_no_memory_and_is_reported_once(tmp_path, lines):
    leave = threading.Event()
    events = [EVENT] * (BACKLOG + 5)
    told(tmp_path, *events, slow=lambda event: leave.wait(30), timeout=0)
    leave.set()
    assert len(lines()) == 1 and lines()[0].startswith("the hook slow has fallen behind")


def test_no_secret_is_in_what_hooks_are_told(tmp_path):
    seen = []
    text = (
        "[web]\npassword = s3/cret\n[web/store]\nadmin_password = hidden\n"
        "[hooks]\nenabled = note\n"
    )
    hooks = hooks_of(FakeCatalog(note=seen.append), make_settings(tmp_path, text))
    hooks.tell(Event("", "", "upgraded", "web", "", detail="s3/cret s3%2Fcret\n hidden other"))
    hooks.close(5)
    assert seen[0].detail == "******** ******** ******** other"


def test_events_read_as_a_sentence():
    assert str(EVENT) == "web generation 3 upgraded (failed): it's odd"
    assert str(Event("", "", "degraded", None, "cloud/front")) == "set cloud/front degraded"


def test_the_log_hook_writes_one_line(caplog):
    caplog.set_level(logging.INFO)
    make_catalog().hook("log")(EVENT)
    assert caplog.messages == [str(EVENT)]


# The hook that runs an executable

def test_the_command_gets_the_event_on_its_input_and_in_its_environment(
    tmp_path, script, monkeypatch
):
    monkeypatch.setenv("OS_DATABASE__PASSWORD", "secret")
    path = script('{ cat; echo; env; echo "$@"; } >"$(dirname "$0")/out"')
    text = f"[hooks]\nenabled = command\ncommand = {path} --to 'the team'\n"
    hooks = hooks_of(make_catalog(), make_settings(tmp_path, text))
    hooks.tell(EVENT)
    hooks.close(5)
    first, *variables, arguments = (tmp_path / "out").read_text().splitlines()
    assert json.loads(first) == {
        "at": EVENT.at, "who": "alice", "kind": "upgraded", "container": "web", "set": "front",
        "generation": 3, "outcome": "failed", "detail": "it's odd",
    }
    assert {"KOLLA_EVENT_KIND=upgraded", "KOLLA_EVENT_GENERATION=3"} <= set(variables)
    assert not [line for line in variables if line.startswith("OS_DATABASE")]
    assert arguments == "--to the team"


def test_the_event_of_a_set_has_an_empty_container_in_the_environment(tmp_path, script):
    path = script('echo "[$KOLLA_EVENT_CONTAINER]" >"$(dirname "$0")/out"')
    Command([path], 5)(Event("", "", "healthy", None, "front"))
    assert (tmp_path / "out").read_text() == "[]\n"


def test_a_command_that_takes_too_long_is_killed_with_its_children(tmp_path, script):
    path = script('sleep 60 & echo $! >"$(dirname "$0")/child"; wait')
    began = time.monotonic()
    with pytest.raises(Exception, match="did not end within 1 s and was killed"):
        Command([path], 1)(EVENT)
    assert time.monotonic() - began < 50
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not _lives(child):
            return
        time.sleep(0.1)
    raise AssertionError("the child of the command lives on")


def _lives(process: int) -> bool:
    """Not if it is a zombie that only waits for an init to notice."""
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("text, message", [
    ("echo first >&2; echo no such pager >&2; exit 4", "exit code 4: no such pager"),
    ("kill -9 $$", "exit code -9"),
])
def test_a_command_that_fails_is_reported_with_its_last_word(script, text, message):
    with pytest.raises(Exception, match=message):
        Command([script(text)], 5)(EVENT)


def test_a_command_that_leaves_a_daemon_behind_is_not_waited_for(script):
    began = time.monotonic()
    Command([script("sleep 60 &")], 50)(EVENT)
    assert time.monotonic() - began < 50


def test_a_command_that_reads_nothing_harms_nothing(script, tmp_path):
    Command([script(f"exec <&-; echo told > {tmp_path}/said")], 5)(
        Event("", "", "failed", "web", "", detail="x" * 100_000)
    )
    assert (tmp_path / "said").read_text() == "told\n"


@pytest.mark.parametrize("lines, message", [
    ("enabled = command", "2: [hooks] enabled: the hook 'command' needs [hooks] command"),
    ("command = /no/such --x\nenabled = command",
     "2: [hooks] command: there is no executable /no/such"),
    ("command = 'x\nenabled = command",
     "2: [hooks] command: cannot be split into words: No closing quotation"),
])
def test_a_command_that_cannot_run_is_refused_with_file_and_line(tmp_path, lines, message):
    found = make_settings(tmp_path, f"[hooks]\n{lines}\n").problems()
    assert [str(problem) for problem in found] == [f"{tmp_path}/kolla.conf:{message}"]


def test_a_command_that_is_not_enabled_is_not_judged(tmp_path):
    assert not make_settings(tmp_path, "[hooks]\ncommand = /no/such\n").problems()


def test_the_command_inherits_the_rest_of_the_environment(tmp_path, script, monkeypatch):
    monkeypatch.setenv("OS_CLOUD", "mine")
    Command([script('echo "$OS_CLOUD $PATH" >"$(dirname "$0")/out"')], 5)(EVENT)
    assert (tmp_path / "out").read_text() == f"mine {os.environ['PATH']}\n"


# What commands tell

@pytest.mark.parametrize("action, kind", [
    ("start", "started"), ("stop", "stopped"), ("restart", "restarted"),
    ("upgrade", "upgraded"), ("rollback", "rolled back"), ("delete", "deleted"),
    ("confirm", "confirmed"), ("recover", "recovered"),
])
def test_every_action_of_a_command_is_an_event(kolla, action, kind):
    seen = []
    deployment = Deployment(kolla.config.parent)
    deployment._hooks = hooks_of(FakeCatalog(log=seen.append), deployment.settings)
    notify(deployment, Plan("probe", action, before=1, after=2), "failed", "why")
    deployment.close()
    (event,) = seen
    assert event.kind == kind in KINDS
    assert (event.container, event.set, event.generation) == ("probe", "caches/near-caches", 2)
    assert (event.outcome, event.detail) == ("failed", "why")


def test_a_command_that_tells_nobody_starts_no_thread(kolla):
    before = threading.active_count()
    Deployment(kolla.config.parent).close()
    assert threading.active_count() == before
