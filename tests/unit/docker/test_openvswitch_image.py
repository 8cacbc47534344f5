"""The script that runs the switch, with programs of the test's own in place of the switch."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from kolla.plugin import shared_folder

BOOT = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
PROGRAMS = {
    "bin/ovs-vsctl": "case $* in *list-br) echo br-int ;; esac",
    "bin/ovs-vswitchd": "exec sleep 60",
    "scripts/ovs-save": "/bin/mkdir $TMPDIR/ovs-save.1 && "
                        "echo echo the flows of $2 $TMPDIR/ovs-save.1/$2.flows.dump",
}


@pytest.fixture
def place(tmp_path):
    """A folder with the script, whose paths lie in it, and flows that were saved before."""
    text = shared_folder("docker", "openvswitch", "kolla-switch").read_text()
    for path, own in (("/run/openvswitch", "run"), ("/usr/share/openvswitch/scripts", "scripts"),
                      ("/usr/share/kolla", "kolla")):
        (tmp_path / own).mkdir()
        text = text.replace(path, str(tmp_path / own))
    (tmp_path / "script").write_text(text)
    (tmp_path / "kolla" / "version").write_text("3.5\n")
    (tmp_path / "bin").mkdir()
    for name, does in PROGRAMS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    saved = tmp_path / "run" / "flows"
    saved.mkdir()
    (saved / BOOT).touch()
    (saved / "restore").write_text(f"touch {tmp_path}/restoring; sleep 0.5; touch {tmp_path}/back")
    return tmp_path


def until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("meanwhile", ["restoring", "back"])
def test_flows_are_saved_by_a_signal_also_while_others_come_back(place, meanwhile):
    saved = place / "run" / "flows"
    process = subprocess.Popen(
        ["bash", place / "script"], env={"PATH": f"{place}/bin:{os.environ['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        until((place / meanwhile).exists)
        if meanwhile == "back":
            until(lambda: not saved.exists())
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (saved / BOOT).exists(), output
    found = (saved / "restore").read_text()
    assert found == f"echo the flows of br-int {saved}/ovs-save.1/br-int.flows.dump\n"
    assert (saved / "ovs-save.1").is_dir()
    assert saved.stat().st_mode & 0o777 == 0o700, "others would say what root runs next time"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has others' files")
@pytest.mark.parametrize("whose", [".", "restore"])
def test_nothing_is_run_as_root_that_another_user_has_left(place, whose):
    os.chown(place / "run" / "flows" / whose, 42474, 42474)
    process = subprocess.Popen(
        ["bash", place / "script"], env={"PATH": f"{place}/bin:{os.environ['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        until(lambda: not (place / "run" / "flows").exists())
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert "its flows are not back" in output and not (place / "restoring").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has others' files")
@pytest.mark.parametrize("after, then", [
    ("rm", "[[ $* != *flows ]] ||"), ("mkdir", "/bin/mv $2 $2-away;"),
])
def test_nothing_is_written_as_root_where_another_user_leads_it(place, program, after, then):
    """The other user has a folder there as soon as root has removed its own, or made it."""
    victim, saved = place / "victim", place / "run" / "flows"
    victim.write_text("precious")
    theirs = f"/bin/mkdir {saved} && ln -s {victim} {saved}/restore && chown 42474 {saved}"
    program(after, f'/bin/{after} "$@"; {then} {{ {theirs}; }}')
    process = subprocess.Popen(
        ["bash", place / "script"], env={"PATH": f"{place}/bin:{os.environ['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        until((place / "back").exists)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert victim.read_text() == "precious" and "its flows are not saved" in output


@pytest.mark.parametrize("switch, database, code, said", [
    ("exit 0", "echo '7'; echo '7'", 0, ""),
    ("exit 0", "echo '6'; echo '7'", 1, "has not carried out change 7 of its database, only 6"),
    ("exit 0", "echo no link >&2; exit 1", 75, "its database does not answer: no link"),
    ("echo no pidfile >&2; exit 1", "", 1, "the switch does not answer: no pidfile"),
])
def test_a_switch_is_blamed_for_itself_alone(program, script, switch, database, code, said):
    program("ovs-appctl", switch)
    program("ovs-vsctl", database)
    ended = script(("openvswitch", "kolla-check-switch"))
    assert ended.returncode == code and said in ended.stdout and bool(said) == bool(ended.stdout)


def test_a_database_of_the_switch_that_does_not_answer_says_why_on_one_line(program, script):
    program("ovsdb-client", "exit 0")
    assert script(("openvswitch", "kolla-check-ovsdb")).returncode == 0
    program("ovsdb-client", "printf 'failed to connect\\nto it\\n' >&2; exit 1")
    ended = script(("openvswitch", "kolla-check-ovsdb"))
    assert (ended.returncode, ended.stdout) == (
        1, "the database does not answer: failed to connect to it\n")
