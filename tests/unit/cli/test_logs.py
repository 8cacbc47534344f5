"""What the commands print of logs, on a terminal and elsewhere."""

import argparse
import contextlib
import io
import pty
import types

import pytest

from kolla.cli import logs
from kolla.errors import KollaError
from kolla.logs.archive import Archive
from kolla.logs.sources import Sources
from kolla.plugin.reports import UnreadableLog
from tests.unit.support.log_engine import Engine, at

DEFAULTS = {"tail": None, "since": None, "until": None, "grep": None, "follow": False}


class Printed(logs.Logs):
    """The part that both commands share."""

    def take_action(self, parsed_args):
        return self.show(parsed_args, parsed_args.names, parsed_args.generation)


@pytest.fixture
def engine():
    return Engine(web_g1=[(at(1), "a"), (at(3), "c")], database_g2=[(at(2), "b")])


@pytest.fixture
def printed(engine, tmp_path):
    """A function that prints the logs of containers to a stream, and returns the exit code."""
    def run(stream, *names: str, generation: int | None = None, **options) -> int:
        sources = Sources(engine, Archive(tmp_path, 1 << 20, 3))
        app = types.SimpleNamespace(
            stdout=stream, deployment=types.SimpleNamespace(logs=sources)
        )
        asked = {**DEFAULTS, "names": names, "generation": generation, **options}
        return Printed(app, None).run(argparse.Namespace(**asked))

    return run


def on_terminal(printed, *names: str) -> str:
    parent, child = pty.openpty()
    with open(child, "w") as terminal:
        printed(terminal, *names)
    shown = b""
    with open(parent, "rb", buffering=0) as screen, contextlib.suppress(OSError):  # EIO at its end
        while piece := screen.read(65536):
            shown += piece
    return shown.decode()


def test_each_line_has_its_time_and_its_container(printed):
    stream = io.StringIO()
    assert printed(stream, "web", "database") == 0
    assert stream.getvalue() == (
        "2026-05-01T12:00:01.000Z web      | a\n"
        "2026-05-01T12:00:02.000Z database | b\n"
        "2026-05-01T12:00:03.000Z web      | c\n"
    )


def test_one_container_is_printed_in_the_same_form(printed):
    stream = io.StringIO()
    printed(stream, "web", tail=1)
    assert stream.getvalue() == "2026-05-01T12:00:03.000Z web | c\n"


def test_names_have_colours_on_a_terminal(printed, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = on_terminal(printed, "web", "database")
    assert "Z \x1b[36mweb      |\x1b[0m a\r\n" in shown
    assert "\x1b[33mdatabase |" in shown


def test_no_colours_where_they_are_not_wanted(printed, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in on_terminal(printed, "web", "database")


def test_archived_log_of_an_earlier_kolla_cannot_steer_the_terminal(
    printed, tmp_path, monkeypatch
):
    monkeypatch.setenv("NO_COLOR", "1")
    Archive(tmp_path, 1 << 20, 3).keep("database", 1, [(at(1), "b \x1b[31m \x9b")])
    assert "b \u241b[31m \ufffd\r\n" in on_terminal(printed, "database")


def test_no_line_is_printed_with_a_tail_of_none(printed):
    stream = io.StringIO()
    assert printed(stream, "web", tail=0) == 0 and stream.getvalue() == ""


def test_exit_code_tells_that_a_log_could_not_be_read(printed, engine):
    engine.logs_of["web-g1"] = UnreadableLog("cannot be read back")
    stream = io.StringIO()
    assert printed(stream, "web", "database") == 1
    assert "database |" in stream.getvalue()


def test_log_that_is_not_there_is_an_error_that_says_why(printed):
    with pytest.raises(KollaError, match="there is no log of cache yet"):
        printed(io.StringIO(), "cache")
    with pytest.raises(KollaError, match="no log of generation 7 of web") as raised:
        printed(io.StringIO(), "web", generation=7)
    assert "archive_size" in raised.value.hint


def test_interrupted_it_ends_without_a_word(printed, engine, monkeypatch):
    def interrupted(*names, **asked):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "logs", interrupted)
    assert printed(io.StringIO(), "web") == 1
    assert printed(io.StringIO(), "web", follow=True) == 0
