"""kolla-hold and the gate of the OpenStack images: who waits, for whom, and for how long."""

import subprocess
import threading
import time

import pytest

from kolla.plugin import shared_folder

FOLDER = shared_folder("docker", "openstack-wsgi")


class Service:
    """The gate of a service, and the commands that close and open it."""

    def __init__(self, folder, monkeypatch, load):
        monkeypatch.setenv("KOLLA_TRANSFERS", "/file$")
        self.folder, self.monkeypatch = folder, monkeypatch
        self.gate = load("openstack-wsgi", "kolla_wsgi", "gate.py")
        self.gate.HELD = f"{folder}/held-*"
        self.gate.REQUESTS = folder / "requests.lock"
        self.gate.TRANSFERS = folder / "transfers.lock"
        self._hold = load("openstack-wsgi", "bin", "kolla-hold")
        self._hold.RUN, self._hold.LONGEST = folder, 60
        self._hold.PATIENCE = {"requests.lock": 30, "transfers.lock": 0.1}

    def hold(self, name: str = "db", seconds: float = 60) -> None:
        self._hold.LONGEST = seconds
        self.monkeypatch.setattr("sys.argv", ["kolla-hold", name])
        self._hold.main()

    def resume(self, name: str = "db") -> None:
        script = (FOLDER / "bin" / "kolla-resume").read_text().replace("/run/kolla", "$FOLDER")
        subprocess.run(["bash", "-c", script, "kolla-resume", name],
                       env={"FOLDER": str(self.folder), "PATH": "/usr/bin:/bin"}, check=True)

    def ask(self, path: str = "/v3"):
        """A request that has begun, and two events: it has passed, and it may end."""
        passed, end = threading.Event(), threading.Event()

        def serve() -> None:
            with self.gate.passed(path):
                passed.set()
                end.wait(60)

        threading.Thread(target=serve, daemon=True).start()
        return passed, end


@pytest.fixture
def service(load, tmp_path, monkeypatch):
    return Service(tmp_path, monkeypatch, load)


def test_new_requests_wait_until_all_that_they_wait_for_is_there(service):
    service.hold("db")
    service.hold("broker")
    passed, end = service.ask()
    assert not passed.wait(0.1)
    service.resume("db")
    assert not passed.wait(0.1)
    service.resume("broker")
    assert passed.wait(30)
    end.set()


def test_requests_go_on_by_themselves(service):
    began = time.monotonic()
    service.hold(seconds=1)
    passed, end = service.ask()
    assert passed.wait(30) and time.monotonic() - began > 0.9
    end.set()


def test_requests_under_way_are_waited_for(service):
    passed, end = service.ask()
    assert passed.wait(30)
    holding = threading.Thread(target=service.hold)
    holding.start()
    holding.join(0.1)
    assert holding.is_alive()
    end.set()
    holding.join(30)
    assert not holding.is_alive()


def test_a_transfer_is_not_waited_for_to_its_end(service):
    passed, end = service.ask("/v2/images/1/file")
    assert passed.wait(30)
    began = time.monotonic()
    service.hold()
    assert 0.1 <= time.monotonic() - began < 30
    later, _ = service.ask("/v2/images/2/file")
    assert not later.wait(0.1)
    end.set()


def test_to_resume_what_does_not_wait_changes_nothing(service):
    service.resume()
    passed, end = service.ask()
    assert passed.wait(30)
    end.set()
