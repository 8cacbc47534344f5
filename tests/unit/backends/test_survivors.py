"""Processes that live in the file system of a container that has ended are seen."""

import os

import pytest

from kolla.backends import survivors as module
from kolla.backends.survivors import survivors

PLACE = "/var/lib/kolla/generation"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """The folder of a generation, and a function that starts a process."""
    monkeypatch.setattr(module, "PROC", tmp_path / "proc")
    folder = tmp_path / "own"
    folder.mkdir()

    def start(pid: int, exe: str, *words: str, inside: bool = True) -> None:
        process = tmp_path / "proc" / str(pid)
        place = process / "root" / PLACE.lstrip("/")
        place.parent.mkdir(parents=True)
        os.symlink(exe, process / "exe")
        (process / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")
        place.symlink_to(folder if inside else tmp_path)

    (tmp_path / "proc" / "9").mkdir(parents=True)  # one that has just ended
    return folder, start


def test_a_program_is_known_by_its_file_its_name_or_its_script(host):
    folder, start = host
    start(11, "/usr/bin/qemu-system-x86_64", "guest-7")
    start(12, "/usr/bin/python3.13 (deleted)", "/usr/bin/python3", "/usr/bin/keepalived-watch")
    start(13, "/usr/sbin/dnsmasq (deleted)", "dnsmasq")
    start(14, "/usr/bin/qemu-system-x86_64", "qemu", inside=False)
    start(15, "/usr/bin/bash", "bash", "-c", "dnsmasq")
    programs = ("qemu-system-x86_64", "keepalived-watch", "dnsmasq")
    assert survivors(folder, PLACE, programs) == (
        "dnsmasq (13)", "keepalived-watch (12)", "qemu-system-x86_64 (11)",
    )


def test_none_lives_in_a_generation_whose_folder_is_gone(host, tmp_path):
    _, start = host
    start(11, "/usr/bin/qemu", "qemu")
    assert survivors(tmp_path / "nothing", PLACE, ("qemu",)) == ()
