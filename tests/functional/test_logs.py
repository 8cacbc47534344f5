"""What an operator reads of containers: those that run, and those that are gone."""

import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from tests.functional.support.harness import Deployment
from tests.functional.support.watching import generation, serving, until

NAME = "synthetic-http"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (\S+) +\| (.*)")
JOURNAL, JOURNALD = pathlib.Path("/run/systemd/journal/socket"), "/lib/systemd/systemd-journald"
#: Changes with each upgrade.
delays = (number / 1000 for number in itertools.count(1))


def upgrade(deployment: Deployment, *options: str, expect: int = 0) -> str:
    """To a generation that differs from all before; returns what was told of it."""
    return deployment.kolla(
        *options, "--set", f"synthetic.http_start_delay={next(delays)}",
        "container", "upgrade", NAME, expect=expect,
    ).stderr


def logs(deployment: Deployment, *arguments: str) -> list[str]:
    """The lines of synthetic-http; each has the documented form."""
    done = deployment.kolla("container", "logs", NAME, *arguments)
    assert done.stderr == ""
    return [LINE.fullmatch(line)[2] for line in done.stdout.splitlines()]


def write(deployment: Deployment, text: str, name: str = NAME) -> None:
    """Let a line come from the container's own standard output."""
    command = f"printf '%s\n' '{text}' > /proc/1/fd/1"
    deployment.kolla("container", "exec", name, "--", "bash", "-c", command)


def flood(deployment: Deployment, megabytes: int) -> None:
    line = "2026-05-01 12:00:00.000 7 INFO kolla.test [req-1] GET /v3/some/thing 200 " * 2
    command = f"(yes '{line}' | head -c {megabytes}M; echo) > /proc/1/fd/1"
    deployment.kolla("container", "exec", NAME, "--", "bash", "-c", command)


def peak_memory(pid: int) -> int:
    """The peak memory of a process in bytes; 0 once it has ended.

    The figure of wait4 would include the memory of the parent.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) << 10 if found else 0


def archives(deployment: Deployment) -> list[int]:
    folder = deployment.state_dir / "archive" / NAME
    return sorted(int(path.name.partition(".")[0]) for path in folder.glob("*"))


def history(deployment: Deployment) -> dict[int, str | None]:
    rows = deployment.kolla("container", "history", NAME, "-f", "json").json()
    return {row["generation"]: row["log"] for row in rows}


# Of generations that are there and of those that are gone

def test_log_goes_over_all_generations_by_time(synthetic):
    first = generation(synthetic)
    for _ in range(2):
        upgrade(synthetic)
    assert archives(synthetic) == [first]
    found = [line for line in logs(synthetic) if " of generation " in line]
    assert found == [
        f"start of generation {first}", f"start of generation {first + 1}",
        f"stop of generation {first}", f"start of generation {first + 2}",
        f"stop of generation {first + 1}",
    ]
    alone = logs(synthetic, "--generation", str(first))
    assert alone == [f"start of generation {first}", f"stop of generation {first}"]
    told = history(synthetic)
    assert (told[first], told[first + 1], told[first + 2]) == ("archived", None, None)


def test_lines_are_chosen_by_text_time_and_number(synthetic):
    write(synthetic, "Error: one")
    between = f"{time.time():.6f}"
    moment = subprocess.check_output(["date", "-u", "-d", f"@{between}", "+%FT%T.%6NZ"], text=True)
    write(synthetic, "error: two")
    write(synthetic, "well again")
    assert logs(synthetic, "--grep", "(?i)^error: ") == ["Error: one", "error: two"]
    assert logs(synthetic, "--grep", "rror", "--tail", "1") == ["error: two"]
    assert logs(synthetic, "--since", moment.strip()) == ["error: two", "well again"]
    assert logs(synthetic, "--until", moment.strip(), "--tail", "1") == ["Error: one"]
    assert logs(synthetic, "--tail", "2") == ["error: two", "well again"]
    assert logs(synthetic, "--tail", "0") == []


def test_log_of_a_refused_generation_is_kept(synthetic):
    number = max(history(synthetic)) + 1
    upgrade(synthetic, "--set", "synthetic.http_failure=exit", expect=1)
    assert "kolla-start: told to exit" in logs(synthetic, "--generation", str(number))
    assert history(synthetic)[number] == "archived"
    shown = synthetic.kolla(
        "container", "show", NAME, "--generation", str(number), "-f", "json"
    ).json()
    assert shown["log"] == str(synthetic.state_dir / "archive" / NAME / f"{number}.log.gz")


def test_so_many_archives_are_kept_as_is_asked_for(synthetic):
    before = archives(synthetic)
    upgrade(synthetic, "--set", "logs.archives=1")
    assert len(before) > 1 and len(archives(synthetic)) == 1
    done = synthetic.kolla("container", "logs", NAME, "--generation", str(before[0]), expect=1)
    assert done.stderr.startswith(f"kolla: there is no log of generation {before[0]} of {NAME}\n")


def test_containers_of_a_set_are_merged_by_time(synthetic):
    for number in range(2):
        write(synthetic, f"http {number}")
        write(synthetic, f"worker {number}", "synthetic-worker")
    out = synthetic.kolla("set", "logs", "synthetic", "--grep", "^(http|worker) ").stdout
    found = [LINE.fullmatch(line).groups() for line in out.splitlines()]
    assert found == [
        (f"synthetic-{kind}", f"{kind} {number}")
        for number in range(2) for kind in ("http", "worker")
    ]
    times = [line[:24] for line in synthetic.kolla("set", "logs").stdout.splitlines()]
    assert times == sorted(times)


def test_container_that_was_deleted_shows_its_archive(synthetic):
    synthetic.kolla("container", "delete", "synthetic-worker", "--yes")
    out = synthetic.kolla("container", "logs", "synthetic-worker").stdout
    assert "worker 1" in out and "stop of generation 1" in out
    synthetic.kolla("container", "start", "synthetic-worker")
    out = synthetic.kolla("container", "logs", "synthetic-worker").stdout
    assert "stop of generation 1" in out and "start of generation 2" in out


# Following

@contextlib.contextmanager
def following(deployment: Deployment, *arguments: str):
    """A function that waits for a line, while the log is followed; Ctrl-C ends it."""
    with deployment.spawned("container", "logs", NAME, "--follow", *arguments) as process:
        os.set_blocking(process.stdout.fileno(), False)
        seen = ""

        def wait_for(text: str) -> str:
            def more() -> bool:
                nonlocal seen
                with contextlib.suppress(BlockingIOError):
                    seen += os.read(process.stdout.fileno(), 1 << 16).decode()
                return text in seen

            until(more)
            return seen

        yield wait_for
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert [line for line in errors.splitlines() if "; waits for it" not in line] == []


def test_stream_goes_on_over_upgrades_and_a_restart_of_the_engine(synthetic):
    number = generation(synthetic)
    with following(synthetic, "--tail", "0") as wait_for:
        write(synthetic, "the first line")
        wait_for("the first line")
        upgrade(synthetic)
        wait_for(f"start of generation {number + 1}")
        wait_for(f"stop of generation {number}")
        synthetic.engine.restart()
        write(synthetic, "after the engine")
        wait_for("after the engine")
        synthetic.kolla("container", "stop", NAME)
        synthetic.kolla("container", "start", NAME)
        wait_for(f"stop of generation {number + 1}")
        write(synthetic, "after the stop")
        seen = wait_for("after the stop")
    for text in ("the first line", "after the engine", "after the stop"):
        assert seen.count(text) == 1
    assert seen.count(f"start of generation {number + 1}") == 2


def test_generation_that_is_refused_at_once_is_seen_too(synthetic):
    with following(synthetic, "--tail", "0") as wait_for:
        upgrade(synthetic, "--set", "synthetic.http_failure=exit", expect=1)
        wait_for("kolla-start: told to exit")


def test_reader_that_goes_away_harms_nothing(synthetic):
    command = synthetic.command("set", "logs")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=synthetic.environment()) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


# Much of it

@pytest.mark.exhaustive
def test_huge_log_costs_little_memory_and_its_archive_has_its_bound(synthetic):
    flood(synthetic, 50)
    number, options = generation(synthetic), ("--set", "logs.archive_size=100k")
    process = synthetic.spawn("container", "logs", NAME, "--generation", str(number))
    began, length, memory = time.monotonic(), 0, 0
    while piece := process.stdout.read(1 << 16):
        length += len(piece)
        memory = max(memory, peak_memory(process.pid))
    assert process.wait() == 0
    print(f"{length >> 20} MB read in {time.monotonic() - began:.1f} s,"
          f" {memory >> 20} MB of memory")
    assert length > 40 << 20 and 0 < memory < 100 << 20
    upgrade(synthetic, *options)
    began = time.monotonic()
    upgrade(synthetic, *options)
    print(f"an upgrade that archives it takes {time.monotonic() - began:.1f} s")
    path = synthetic.state_dir / "archive" / NAME / f"{number}.log.gz"
    assert 0 < path.stat().st_size <= 100 << 10
    assert logs(synthetic, "--generation", str(number))[-1] == f"stop of generation {number}"


def test_long_line_stays_a_line(synthetic):
    command = "printf 'begin%0100000dend\n' 0 > /proc/1/fd/1"
    synthetic.kolla("container", "exec", NAME, "--", "bash", "-c", command)
    (line,) = logs(synthetic, "--grep", "begin0+end")
    assert len(line) == 100_008


def test_full_disk_does_not_stop_an_upgrade(synthetic):
    write(synthetic, "x" * 1000)
    place = synthetic.state_dir / "archive"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", place], check=True)
    try:
        (place / "full").write_bytes(b"x" * 4096)
        with serving(synthetic):
            upgrade(synthetic)
            told = upgrade(synthetic)
        assert told.count("is not archived as a whole") == 1
        assert "No space left" in told
    finally:
        subprocess.run(["umount", place], check=True)


# Drivers

@pytest.fixture
def driver(synthetic):
    """A function with which synthetic-http runs with a log driver."""
    def run(text: str, expect: int = 0) -> str:
        synthetic.configure(f"[logs]\n{text}\n")
        return synthetic.kolla("container", "upgrade", NAME, expect=expect).stderr

    yield run
    synthetic.configure("")
    synthetic.kolla("container", "upgrade", NAME)


@pytest.mark.parametrize("options", ["", "max_files = 1", "driver_options = compress:false"])
def test_local_driver_is_read_like_the_usual_one(synthetic, driver, options):
    driver(f"driver = local\n{options}")
    write(synthetic, "to the local driver")
    number = str(generation(synthetic))
    assert logs(synthetic, "--generation", number, "--tail", "1") == ["to the local driver"]


@pytest.mark.parametrize("name", ["json-file", "local"])
def test_service_that_writes_without_end_does_not_fill_the_disk(synthetic, driver, name):
    driver(f"driver = {name}\nmax_size = 1m\nmax_files = 2")
    flood(synthetic, 5)
    write(synthetic, "after the flood")
    number = generation(synthetic)
    with synthetic.engine.client() as client:
        container = client.containers.get(f"{NAME}-g{number}")
        folder = pathlib.Path(client.info()["DockerRootDir"]) / "containers" / container.id
    files = [path for path in folder.rglob("*") if path.is_file() and ".log" in path.name]
    assert len(files) == 2 and sum(path.stat().st_size for path in files) < 2.1e6
    assert logs(synthetic, "--generation", str(number), "--tail", "1") == ["after the flood"]


@pytest.fixture
def syslog(tmp_path):
    """The address of a syslog, and what it receives."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "syslog"))
        receiver.settimeout(10)
        yield f"syslog-address:unixgram://{tmp_path}/syslog", lambda: receiver.recv(65536).decode()


def test_driver_that_cannot_be_read_back_says_where_to_look(synthetic, driver, syslog):
    address, receive = syslog
    driver(f"driver = syslog\ndriver_options = {address},cache-disabled:true")
    number = generation(synthetic)
    assert f"{NAME}-g{number}" in receive()
    done = synthetic.kolla(
        "container", "logs", NAME, "--generation", str(number), expect=1
    )
    assert done.stdout == ""
    assert done.stderr.startswith(
        f"kolla: the log driver 'syslog' of {NAME}-g{number} does not let its lines be read back\n"
        "  they are in the syslog that it sends them to, cache-disabled=true, syslog-address="
    )
    done = synthetic.kolla("container", "logs", NAME, expect=1)
    assert f"start of generation {number - 1}" in done.stdout
    for _ in range(2):
        assert "is not archived" not in upgrade(synthetic)


def test_option_that_the_engine_refuses_changes_nothing(synthetic, driver):
    number = generation(synthetic)
    with serving(synthetic):
        told = driver("driver_options = mode:never", expect=1)
    assert "never" in told and generation(synthetic) == number


@pytest.fixture
def journal():
    """The journal of this machine; one for the test alone where that is without systemd."""
    if JOURNAL.exists():
        yield
        return
    if not pathlib.Path(JOURNALD).exists():
        pytest.skip("there is neither a journal nor systemd-journald")
    folders = [pathlib.Path("/run", name) for name in
               ("systemd/journal", "systemd/journald.conf.d", "log/journal")]
    for folder in folders:
        folder.mkdir(parents=True)
    options = "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n"
    (folders[1] / "kolla-tests.conf").write_text(options)
    with subprocess.Popen([JOURNALD], stdin=subprocess.DEVNULL) as process:
        try:
            until(JOURNAL.exists)
            yield
        finally:
            process.terminate()
    for folder in folders:
        shutil.rmtree(folder)


def test_journal_is_written_to_and_read(synthetic, driver, journal):
    driver("driver = journald")
    with following(synthetic, "--tail", "0") as wait_for:
        write(synthetic, "to the journal")
        wait_for("to the journal")
    number = str(generation(synthetic))
    assert logs(synthetic, "--generation", number, "--tail", "1") == ["to the journal"]
    fields = f"KOLLA_CONTAINER={NAME}", f"KOLLA_GENERATION={number}"
    told = subprocess.check_output(["journalctl", "--output=cat", *fields], text=True)
    assert "to the journal\n" in told
    synthetic.configure("")
    for _ in range(2):
        upgrade(synthetic)
    assert "to the journal" in logs(synthetic, "--generation", number)


@pytest.mark.skipif(JOURNAL.exists(), reason="this machine has a journal")
def test_journal_that_does_not_exist_is_refused_and_nothing_changes(synthetic, driver):
    number = generation(synthetic)
    assert "journald" in driver("driver = journald", expect=1)
    assert generation(synthetic) == number
