"""A dump task is not trusted: its folder may hold anything, and does no harm."""

import os

import pytest

from kolla.backends.dumps import Dumps


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "generations" / "web" / "3" / "dumps" / "web"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def dumps(tmp_path):
    return Dumps(tmp_path / "dumps", kept=2)


def kept(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "dumps" / "web").glob("*"))


def test_a_dump_becomes_a_private_file_of_whoever_runs_kolla(dumps, inbox, tmp_path):
    (inbox / "web-1.sql.gz").write_text("INSERT")
    (inbox / "web-1.sql.gz").chmod(0o666)
    dumps.take_in(inbox.parent)
    dump = tmp_path / "dumps" / "web" / "web-1.sql.gz"
    assert dump.read_text() == "INSERT"
    assert (dump.stat().st_mode & 0o777, dump.stat().st_uid) == (0o600, 0)
    assert dump.parent.stat().st_mode & 0o777 == 0o700
    assert not list(inbox.iterdir())


def test_nothing_that_leads_elsewhere_is_taken(dumps, inbox, tmp_path):
    secret = tmp_path / "shadow"
    secret.write_text("root:")
    (inbox / "link.sql.gz").symlink_to(secret)
    os.link(secret, inbox / "hard.sql.gz")
    os.mkfifo(inbox / "pipe.sql.gz")
    (inbox / "folder.sql.gz").mkdir()
    (inbox / "half.sql.gz.partial").touch()
    (inbox / "\x1b]0;title\x07").touch()
    dumps.take_in(inbox.parent)
    assert kept(tmp_path) == []
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("root:", 0o644)


def test_a_task_replaces_no_earlier_dump_and_decides_on_no_age(dumps, inbox, tmp_path):
    (inbox / "web-1.sql.gz").write_text("good")
    os.utime(inbox / "web-1.sql.gz", (0, 0))
    dumps.take_in(inbox.parent)
    (inbox / "web-1.sql.gz").write_text("bad")
    (inbox / "web-2.sql.gz").write_text("good")
    os.utime(inbox / "web-2.sql.gz", (2**33, 2**33))
    dumps.take_in(inbox.parent)
    assert (tmp_path / "dumps" / "web" / "web-1.sql.gz").read_text() == "good"
    assert kept(tmp_path) == ["web-1.sql.gz", "web-2.sql.gz"]


def test_the_newest_are_kept(dumps, inbox, tmp_path):
    for number in (9, 10, 2):
        (inbox / f"web-g{number}.sql.gz").touch()
        dumps.take_in(inbox.parent)
    assert kept(tmp_path) == ["web-g10.sql.gz", "web-g2.sql.gz"]


def test_a_folder_that_is_a_link_is_not_entered(dumps, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "web-1.sql.gz").touch()
    inboxes = tmp_path / "inboxes"
    inboxes.mkdir()
    (inboxes / "web").symlink_to(elsewhere)
    dumps.take_in(inboxes)
    assert list(elsewhere.iterdir()) and not (tmp_path / "dumps").exists()
