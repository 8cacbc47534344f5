"""What commands write while they work: progress, logs, ages."""

import argparse
import contextlib
import datetime
import io
import os
import pty
import time
import types

import pytest
from hypothesis import given, strategies

from kolla.cli import logs, values
from kolla.cli.progress import progress


def make_app(stream, quiet=False):
    options = types.SimpleNamespace(verbose_level=0 if quiet else 1)
    return types.SimpleNamespace(stderr=stream, options=options)


def read_all(terminal: int):
    """What was written to a terminal whose other end is closed."""
    with contextlib.suppress(OSError):  # EIO at its end
        while piece := os.read(terminal, 4096):
            yield piece


def test_progress_is_a_line_for_each_change_where_there_is_no_terminal():
    stream = io.StringIO()
    with progress(make_app(stream)) as observer:
        observer("probe", "create probe-g1", False)
        observer("probe", "create probe-g1", False)
        observer("probe", "done", True)
    assert stream.getvalue() == "probe: create probe-g1\nprobe: done\n"


def test_progress_is_silent_when_asked():
    stream = io.StringIO()
    with progress(make_app(stream, quiet=True)) as observer:
        observer("probe", "done", True)
    assert stream.getvalue() == ""


def test_progress_is_live_on_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    parent, child = pty.openpty()
    with open(child, "w") as terminal, progress(make_app(terminal)) as observer:
        observer("probe", "create [1]", False)
        observer("probe", "done", True)
    shown = b"".join(read_all(parent)).decode()
    assert "probe" in shown and "done" in shown and "\x1b[" in shown


@pytest.mark.parametrize("text, ago", [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86400)])
def test_since_takes_an_age(text, ago):
    assert logs.moment(text) == pytest.approx(time.time() - ago, abs=5)


@given(strategies.datetimes(min_value=datetime.datetime(2000, 1, 1),
                            max_value=datetime.datetime(2100, 1, 1),
                            timezones=strategies.just(datetime.UTC)))
def test_since_takes_any_iso_time(time):
    assert logs.moment(time.isoformat()) == time.timestamp()


@given(strategies.text())
def test_since_refuses_anything_else_in_its_own_words(text):
    try:
        logs.moment(text)
    except argparse.ArgumentTypeError as error:
        assert "neither a time" in str(error)


def test_age_is_in_the_largest_unit_that_fits():
    def age(seconds):
        then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)
        return values.age(then.isoformat())

    assert [age(0), age(59), age(3599), age(86399), age(200000), values.age(None)] == [
        "just now", "59 s ago", "59 min ago", "23 h ago", "2 d ago", "-"]


def test_image_id_is_short_for_people_and_a_tag_is_whole():
    assert values.ImageId("sha256:" + "ab" * 32).human_readable() == "abababababab"
    assert values.ImageId("kolla/keystone:2026.1").human_readable() == "kolla/keystone:2026.1"
    assert values.ImageId(None).human_readable() == "-"


def test_work_goes_on_when_nobody_reads_of_it_any_longer():
    (reader, writer), told = os.pipe(), []
    os.close(reader)
    with contextlib.suppress(BrokenPipeError), open(writer, "w") as stream:
        with progress(make_app(stream)) as observer:
            for text in ("create probe-g1", "done"):
                observer("probe", text, text == "done")
                told.append(text)
    assert told == ["create probe-g1", "done"]


@pytest.mark.parametrize("seconds, said", [(0, "0 ms"), (0.0423, "42 ms"), (4.61, "4.6 s")])
def test_an_outage_is_told_in_milliseconds_as_long_as_it_is_short(seconds, said):
    cell = values.Span(seconds)
    assert cell.human_readable() == said and cell.machine_readable() == seconds
