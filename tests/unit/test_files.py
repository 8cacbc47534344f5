import os

import pytest

from kolla.errors import KollaError
from kolla import files
from kolla.files import make_folder, remove_folder, write_whole
from tests.support.folders import nest


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path, monkeypatch):
    write_whole(tmp_path / "file", b"before")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KollaError, match="No space left") as raised:
        write_whole(tmp_path / "file", b"after")
    assert "disk full" in raised.value.hint
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"before"}


def test_who_has_the_old_file_open_keeps_it(tmp_path):
    write_whole(tmp_path / "file", b"before")
    with (tmp_path / "file").open("rb") as file:
        write_whole(tmp_path / "file", b"after")
        assert file.read() == b"before"


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_has_its_mode_from_the_beginning(tmp_path, mode):
    write_whole(tmp_path / "folder" / "file", b"text", mode, owner=os.getuid())
    assert (tmp_path / "folder" / "file").stat().st_mode & 0o777 == mode


def test_a_folder_of_five_thousand_levels_is_removed(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    nest(folder, 5000)
    remove_folder(folder)
    assert not folder.exists()


def test_removal_follows_no_link(tmp_path):
    kept, folder = tmp_path / "kept", tmp_path / "folder"
    kept.mkdir()
    (kept / "file").touch()
    folder.mkdir()
    (folder / "link").symlink_to(kept)
    remove_folder(folder)
    assert (kept / "file").exists() and not folder.exists()


def test_a_removal_that_takes_too_long_says_what_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0)
    with pytest.raises(KollaError, match="folder is not removed as a whole"):
        remove_folder(tmp_path / "folder")


def test_no_folder_is_made_through_a_link(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.mkdir(mode=0o700)
    link.symlink_to(target)
    with pytest.raises(OSError):
        make_folder(link, os.getuid())
    assert target.stat().st_mode & 0o777 == 0o700
