"""What checks of services that nobody can ask see of their processes."""

import errno
import importlib
import os
import pathlib
import subprocess
import threading

import pytest


@pytest.fixture
def processes(tools):
    return importlib.import_module("kolla_image.processes")


@pytest.fixture
def among(processes, monkeypatch):
    """``among({NUMBER: PARENT}, NUMBER=AGE...)``: these live, and nothing else."""
    def living(parents, ages=(), threads=1):
        found = {number: processes.Process(parent, threads, dict(ages).get(number, 99.0))
                 for number, parent in parents.items()}
        monkeypatch.setattr(processes, "living", lambda: found)

    return living


def test_a_process_is_known_by_its_parent_its_threads_and_its_age(processes):
    own = processes.living()[os.getpid()]
    assert own.parent == os.getppid() and 0 <= own.age < 24 * 3600
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    assert processes.living()[os.getpid()].threads == own.threads + 1
    done.set()
    thread.join()


def test_a_process_that_has_ended_does_not_live_before_its_parent_asks_how(processes):
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert child.pid not in processes.living()


def test_processes_that_end_while_they_are_looked_at_end_no_check(processes, monkeypatch):
    ask = {name: getattr(pathlib.Path, name) for name in ("stat", "read_text")}

    def ended(name):
        def answer(path, *arguments, **options):
            if path.name == "stat" and path.parent.name != str(os.getpid()):
                raise ProcessLookupError(errno.ESRCH, "No such process")
            return ask[name](path, *arguments, **options)
        return answer

    for name in ask:
        monkeypatch.setattr(pathlib.Path, name, ended(name))
    assert list(processes.living()) == [os.getpid()]


@pytest.fixture
def periodic(among, load):
    return load("openstack-base", "kolla-check-periodic")


@pytest.mark.parametrize("ages, code", [((9.0,), 0), ((9.0, 1.0), 0), ((1.0,), 1), ((), 1)])
def test_periodic_workers_that_do_not_last_are_not_well(periodic, among, ages, code, capsys):
    workers = dict(enumerate(ages, start=100))
    among({1: 0, 7: 1, **dict.fromkeys(workers, 7)}, ages=workers)
    assert periodic.main() == code
    assert bool(capsys.readouterr().out) == bool(code)


@pytest.mark.parametrize("age, code", [(9.0, 0), (1.0, 1)])
def test_a_periodic_worker_without_others_is_well_once_it_lasts(periodic, among, age, code):
    among({1: 0, 7: 1}, ages={7: age})
    assert periodic.main(alone=True) == code


@pytest.fixture
def octavia(among, load):
    return load("octavia", "bin", "kolla-check-octavia")


@pytest.mark.parametrize("parents, complaint", [
    # The engine's init, the service, its two processes, and the check, which the engine starts.
    ({1: 0, 7: 1, 20: 7, 21: 7, 40: 0}, ""),
    ({1: 0, 7: 1, 21: 7, 40: 0}, "1 of its 2 processes are at work; see the log"),
    ({1: 0, 40: 0}, "it does not run"),
])
def test_a_process_of_octavia_that_has_ended_is_missed(octavia, among, parents, complaint):
    among(parents)
    assert octavia.trouble(["processes=2"]) == complaint


def test_a_thread_of_octavia_that_has_ended_is_missed(octavia, among):
    among({1: 0, 7: 1}, threads=3)
    assert octavia.trouble(["threads=3"]) == ""
    assert octavia.trouble(["threads=4"]) == "3 of its 4 threads are at work; see the log"
