import os

import pytest

from kolla.errors import KollaError
from kolla.files import write_whole


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
