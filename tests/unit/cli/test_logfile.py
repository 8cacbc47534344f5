"""``--log-file``: what kolla says is kept, with times, and nothing else changes."""

import logging
import pathlib

import pytest


def test_it_has_the_command_its_errors_and_its_end(kolla, tmp_path):
    file = str(tmp_path / "kolla.log")
    assert kolla("--log-file", file, "container", "list").code == 0
    refused = kolla("--log-file", file, "container", "show", "nowhere")
    lines = pathlib.Path(file).read_text().splitlines()
    assert [line.split(" INFO kolla: ")[-1] for line in lines[:3]] == [
        "container list begins", "ended with exit code 0", "container show begins"]
    assert " ERROR kolla: there is no container 'nowhere'" in lines[3]
    assert refused.err.count("there is no container") == 1


def test_without_it_nothing_more_is_said(kolla):
    assert kolla("container", "list").err == ""
    assert kolla.process("container", "show", "nowhere").err.count("there is no container") == 1


@pytest.mark.parametrize("place, reason", [
    ("", "Is a directory"), ("nowhere/kolla.log", "No such file or directory"),
])
def test_a_file_that_cannot_be_opened_is_refused_at_once(kolla, tmp_path, place, reason):
    answer = kolla.process("--log-file", tmp_path / place, "container", "list")
    assert answer.code == 2 and answer.out == ""
    assert answer.err.splitlines() == [
        f"kolla: the log file cannot be opened: {reason}: {tmp_path / place}",
        "  --log-file names a file in a directory that exists",
    ]


def test_a_full_disk_is_told_once_and_stops_nothing(kolla):
    answer = kolla.process("--log-file", "/dev/full", "container", "list")
    assert answer.code == 0 and "probe" in answer.out
    assert answer.err == (
        "kolla: the log file cannot be written: [Errno 28] No space left on device\n")


@pytest.mark.parametrize("with_file", [False, True])
def test_the_monitor_says_what_it_does_with_and_without_it(
    kolla, monkeypatch, tmp_path, with_file
):
    def run(daemon) -> None:
        logging.getLogger("kolla.monitor.daemon").info("watches")

    monkeypatch.setattr("kolla.monitor.daemon.Daemon.run", run)
    options = ["--log-file", str(tmp_path / "kolla.log")] if with_file else []
    assert kolla(*options, "monitor").err == "kolla: watches\n"
    assert kolla(*options, "--quiet", "monitor").err == ""


def test_only_the_file_gets_what_standard_error_is_not_to_say(kolla, monkeypatch, tmp_path):
    def run(daemon) -> None:
        logging.getLogger("kolla.settings").info("reads")
        logging.getLogger("kolla.monitor.daemon").debug("thinks")

    monkeypatch.setattr("kolla.monitor.daemon.Daemon.run", run)
    file = tmp_path / "kolla.log"
    assert kolla("--log-file", str(file), "monitor").err == ""
    assert "INFO kolla.settings: reads" in file.read_text()
    assert "thinks" not in file.read_text()
