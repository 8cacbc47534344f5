"""A process in a container, whatever it does, endangers neither its neighbours nor kolla.

The worker misbehaves; synthetic-http is the neighbour, which has to go on answering.
"""

import os
import pty
import re
import subprocess
import time

import pytest

from tests.functional.conftest import ROOT
from tests.functional.support.harness import Deployment
from tests.functional.support.watching import asking, generation, get, until
from tests.support.folders import nest

HTTP, WORKER = "synthetic-http", "synthetic-worker"
OWN = "/var/lib/kolla/generation"
LIMITS = """\
[limits]
memory = synthetic-worker:96m
pids = synthetic-worker:64,synthetic-http:64
files = synthetic-worker:512
cpus = synthetic-worker:0.5
"""
#: The title of a terminal, its clipboard (OSC 52), and a cleared screen.
ESCAPES = r"\033]0;OWNED\007\033]52;c;cm0=\007\033[2J"

FORKS = """\
import os, time
made = 0
try:
    for made in range(1000):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
except BlockingIOError:
    pass
print(made)
"""
#: Takes the place of the application, which is asked by the check of the container.
LIAR = """\
import os, socket
os.unlink("/run/kolla/app.sock")
wire = socket.socket(socket.AF_UNIX)
wire.bind("/run/kolla/app.sock")
wire.listen()
while True:
    client = wire.accept()[0]
    client.recv(4096)
    client.sendall(b"HTTP/1.1 503 X\\r\\nConnection: close\\r\\n\\r\\n\\x1b]0;OWNED\\x07\\x1b[2J")
    client.close()
"""


@pytest.fixture(scope="module")
def contained(synthetic: Deployment) -> Deployment:
    synthetic.configure(LIMITS, "20-limits")
    synthetic.kolla("container", "upgrade", HTTP, WORKER)
    return synthetic


def inside(deployment: Deployment, script: str, expect: int | None = 0):
    """Run Python in the worker; returns what it wrote."""
    return deployment.kolla(
        "container", "exec", WORKER, "--", "python3", "-c", script, expect=expect, timeout=90
    )


def on_terminal(deployment: Deployment, *arguments: str) -> str:
    """What `kolla ARGUMENTS` writes to a terminal."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        deployment.command(*arguments), stdin=child, stdout=child, stderr=child,
        env=deployment.environment({"NO_COLOR": "1"}), start_new_session=True,
    )
    os.close(child)
    shown = b""
    with open(parent, "rb", buffering=0) as screen:
        try:
            while piece := screen.read(65536):
                shown += piece
        except OSError:  # EIO: the writers have gone
            pass
    process.wait(60)
    return shown.decode()


def started_at(deployment: Deployment, name: str) -> str:
    """When the process of the current generation was started."""
    with deployment.engine.client() as client:
        (found,) = client.containers.list(filters={"label": f"kolla.container={name}"})
        return found.attrs["State"]["StartedAt"]


def neighbour(deployment: Deployment):
    return asking(lambda: get(deployment.address, 18999, timeout=5), pause=0.05)


def test_limits_are_a_reason_and_are_shown(contained):
    planned = contained.kolla("--set", "limits.memory=synthetic-worker:97m", "plan").stdout
    assert "limit: memory 100663296 -> 101711872" in planned
    same = contained.kolla("--set", f"limits.memory=synthetic-worker:{96 << 20}", "plan").stdout
    assert "limit: memory" not in same
    shown = contained.kolla("container", "show", WORKER, "-f", "json").json()
    assert "96 MiB" in str(shown["limits"]) and "512" in str(shown["limits"])


def test_a_fork_bomb_stays_within_its_container(contained):
    with neighbour(contained) as answers:
        made = int(inside(contained, FORKS).stdout)
    assert 10 < made < 64
    assert not answers.failures
    contained.kolla("container", "restart", WORKER)


@pytest.mark.exhaustive
def test_who_leaves_no_room_for_its_drain_is_replaced_all_the_same(contained):
    number = generation(contained)
    bomb = f"nohup python3 -c '{FORKS}' > /dev/null 2>&1 &"
    contained.kolla("container", "exec", HTTP, "--", "bash", "-c", bomb)
    until(lambda: contained.kolla("container", "exec", HTTP, "--", "true", expect=None).exit_code)
    contained.configure(f"[{HTTP}/DEFAULT]\ndebug = true\n", "30-another")
    done = contained.kolla("container", "upgrade", HTTP)
    assert f"the drain of {HTTP}-g{number} failed" in done.stderr
    assert generation(contained) == number + 1


def test_who_takes_too_much_memory_is_killed_alone(contained):
    before = started_at(contained, WORKER)
    with neighbour(contained) as answers:
        done = inside(contained, "held = b'x' * (1 << 30)", expect=None)
    assert done.exit_code == 137
    assert not answers.failures
    assert started_at(contained, WORKER) == before
    contained.kolla("container", "check", WORKER)


def test_open_files_are_limited_whatever_the_engine_says(contained):
    """The engine of the tests grants 1024 to what asks for none: fewer than a router needs."""
    found = [
        contained.kolla("container", "exec", name, "--", "bash", "-c", "ulimit -Sn -Hn").stdout
        for name in (WORKER, "synthetic-http")
    ]
    assert [text.split()[-1] for text in found] == ["512", "16384"]


def test_a_container_is_told_how_much_memory_it_has(contained):
    script = "import os; print(os.environ['KOLLA_MEMORY_LIMIT'])"
    assert int(inside(contained, script).stdout) == 96 << 20


def test_the_disk_of_the_state_is_out_of_its_reach(contained):
    done = inside(contained, f"open('{OWN}/file', 'w')", expect=None)
    assert done.exit_code != 0 and "Read-only file system" in done.stderr


@pytest.fixture
def cleaned(contained):
    """Nothing is left that pytest cannot delete."""
    yield contained
    subprocess.run(["rm", "-rf", *map(str, contained.state_dir.glob("generations/*/*/own/d"))])


def test_five_thousand_nested_folders_stop_neither_restart_nor_delete(cleaned):
    contained = cleaned
    folders = contained.state_dir / "generations" / WORKER
    nested = set()
    for levels in (5000, 50):  # as an earlier version of kolla let it make them
        for folder in {*folders.iterdir()} - nested:
            nest(folder / "own", levels)
            nested.add(folder)
        contained.kolla("container", "restart", WORKER)
    contained.kolla("container", "delete", WORKER, "--yes")
    assert list(folders.iterdir()) == []
    contained.kolla("container", "start", WORKER)


def test_what_it_writes_does_not_steer_a_terminal(contained):
    script = f"printf '%b\\n' '{ESCAPES}log' > /proc/1/fd/1"
    contained.kolla("container", "exec", WORKER, "--", "bash", "-c", script)
    shown = on_terminal(contained, "container", "logs", WORKER, "--tail", "5")
    assert "OWNED" in shown and "\x1b" not in shown and "\x07" not in shown
    piped = contained.kolla("container", "logs", WORKER, "--tail", "5").stdout
    assert "␛]0;OWNED␇" in piped


def test_what_its_check_says_does_not_steer_a_terminal(contained):
    liar = f"nohup python3 -c '{LIAR}' > /dev/null 2>&1 &"
    contained.kolla("container", "exec", WORKER, "--", "bash", "-c", liar)
    deadline = time.monotonic() + 20
    while "OWNED" not in (shown := on_terminal(contained, "container", "check", WORKER)):
        assert time.monotonic() < deadline, shown
    assert "\x1b" not in shown and "\x07" not in shown
    for command in (("container", "show", WORKER), ("container", "list")):
        assert "\x1b" not in on_terminal(contained, *command)
    answer = contained.kolla("container", "check", WORKER, "-f", "json", expect=1)
    assert "␛]0;OWNED␇" in answer.json()[0]["detail"] and "\x1b" not in answer.stdout
    contained.kolla("container", "restart", WORKER)


def test_no_link_in_an_export_is_followed(contained, tmp_path):
    victim, out = tmp_path / "victim", tmp_path / "out"
    contained.kolla("set", "export", "synthetic", "--output", str(out))
    own = out / "containers" / "synthetic-http" / "own"
    (own / "joined").unlink()
    (own / "joined").symlink_to(victim)
    contained.kolla("set", "export", "synthetic", "--output", str(out))
    assert not victim.exists() and not (own / "joined").is_symlink()
    assert own.stat().st_uid == 0


@pytest.mark.parametrize("unit", ["kolla-monitor", "kolla-recover"])
def test_kolla_can_do_its_work_with_the_rights_that_its_units_leave_it(contained, unit):
    text = (ROOT / "etc" / "systemd" / f"{unit}.service").read_text()
    (rights,) = re.findall("^CapabilityBoundingSet=(.*)$", text, re.MULTILINE)
    kept = "".join(f",+{right.removeprefix('CAP_').lower()}" for right in rights.split())
    done = subprocess.run(
        ["setpriv", "--no-new-privs", f"--bounding-set=-all{kept}", "--inh-caps=-all",
         *contained.command("container", "restart", WORKER)],
        capture_output=True, text=True, timeout=120, umask=0o077, env=contained.environment(),
    )
    assert done.returncode == 0, done.stderr
    contained.kolla("container", "check", WORKER)
