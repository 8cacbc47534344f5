"""What goes to the journal of systemd has a priority on each line; nothing else has."""

import io
import logging
import os

import pytest

from kolla.cli import journal


@pytest.fixture
def stream(tmp_path):
    with open(tmp_path / "journal", "w+") as stream:
        yield stream


def test_only_the_file_that_systemd_has_opened_goes_to_the_journal(stream, tmp_path, monkeypatch):
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    assert not journal.is_read_by_it(stream)
    found = os.fstat(stream.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
    assert journal.is_read_by_it(stream)
    with open(tmp_path / "other", "w") as other:
        assert not journal.is_read_by_it(other)


def test_what_is_no_file_does_not_go_there(monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    assert not journal.is_read_by_it(io.StringIO())


@pytest.mark.parametrize("level, priority", [
    (logging.CRITICAL, 3), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6),
    (logging.DEBUG, 7),
])
def test_each_line_has_the_priority_of_its_record(level, priority):
    record = logging.LogRecord("kolla", level, "", 0, "one\ntwo", None, None)
    text = journal.Formatter("kolla: %(message)s").format(record)
    assert text == f"<{priority}>kolla: one\n<{priority}>two"


def test_an_error_has_one_too_and_only_in_the_journal(kolla):
    code = (
        "import os, sys; from kolla.cli.main import main; found = os.fstat(2); "
        "os.environ['JOURNAL_STREAM'] = f'{found.st_dev}:{found.st_ino}'; sys.exit(main())"
    )
    assert kolla.process("no-such-command").err.startswith("kolla: ")
    answer = kolla.process("no-such-command", code=code)
    assert answer.code == 2 and answer.err.startswith("<3>kolla: ")
    assert all(line.startswith("<3>") for line in answer.err.splitlines())
