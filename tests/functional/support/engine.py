"""A Docker engine for the tests alone, beside the one that the machine may run.

It has its own data root, socket and containerd namespaces, no bridge and no iptables
rules. Images stay in the data root from one run to the next, as a cache; containers and
volumes do not. ``KOLLA_TEST_CACHE`` says where that is (/var/cache/kolla-tests), and
``KOLLA_TEST_RUN`` where its socket is (/run/kolla-tests): two runs at a time need two of each.
The workers of one run (``pytest -n 2``) have an engine each, in a folder of their own, which
begins with the images of the one in the cache.

Run as a program it stops the engines that a killed test run left behind::

    python -m tests.functional.support.engine stop
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import docker

CACHE = pathlib.Path(os.environ.get("KOLLA_TEST_CACHE", "/var/cache/kolla-tests"))
#: Short, because the path of a UNIX socket may have no more than 107 characters.
RUN = pathlib.Path(os.environ.get("KOLLA_TEST_RUN", "/run/kolla-tests"))
#: The name of this worker if tests run side by side, else empty.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
#: As an engine may have it that is hardened by the book (CIS 2.8): too few for most services.
FEW_FILES = {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}}
DOCKERD = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


class EngineError(Exception):
    """The engine of the tests does not come up; the message says why."""


class Engine:
    """Start, stop, kill and clean the engine of the tests."""

    #: Where the processes are found that the engine names.
    processes = "/proc"

    def __init__(
        self, cache: pathlib.Path = CACHE / WORKER,
        run: pathlib.Path = RUN.with_name(f"{RUN.name}-{WORKER}".rstrip("-")),
    ):
        self.cache = cache
        self.run = run
        self.socket = run / "docker.sock"
        self.url = f"unix://{self.socket}"
        self.log = cache / "dockerd.log"
        self._pidfile = run / "docker.pid"
        self._process: subprocess.Popen | None = None

    def take_images(self, cache: pathlib.Path) -> None:
        """Begin with all images of the stopped engine in another cache folder.

        Nobody ever changes a layer, so layers are hard links; all else is copied. Where those
        images have not changed since, what is there is good enough.
        """
        source, target, taken = cache / "engine", self.cache / "engine", self.cache / "taken"
        names = source / "image" / "overlay2" / "repositories.json"
        known = names.read_bytes() if names.exists() else b""
        if taken.exists() and taken.read_bytes() == known:
            return
        taken.unlink(missing_ok=True)
        if target.exists():  # with containers, if a run was killed
            self.start()
            self.clean()
            self.stop()
        for folder in (source, target):
            # An engine that was killed leaves it mounted on itself: no link leads out of there.
            subprocess.run(["umount", folder], capture_output=True)
        subprocess.run(["rm", "-rf", target], check=True)
        target.mkdir(parents=True)
        for part in source.glob("*"):
            how = "-al" if part.name == "overlay2" else "-a"
            subprocess.run(["cp", how, part, target], check=True)
        taken.write_bytes(known)

    def start(self, timeout: float = 60) -> None:
        """Start it and wait until it answers. An engine that was left behind is stopped."""
        if os.geteuid() != 0:
            raise EngineError("the functional tests start a Docker engine: run them as root")
        if DOCKERD is None:
            raise EngineError("there is no dockerd: apt-get install docker.io, or run tools/test")
        self.stop()
        # One that was killed leaves its number, which another process may have by now.
        self._pidfile.unlink(missing_ok=True)
        self.cache.mkdir(parents=True, exist_ok=True)
        self.run.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )
        self._wait(timeout)

    def _command(self) -> list[str]:
        return [
            DOCKERD or "dockerd",
            f"--host={self.url}",
            f"--data-root={self.cache / 'engine'}",
            f"--exec-root={self.run / 'exec'}",
            f"--pidfile={self._pidfile}",
            # The machine's own daemon.json must not leak in, nor its containers.
            f"--config-file={self._configuration()}",
            f"--containerd-namespace={self.run.name}",
            f"--containerd-plugins-namespace={self.run.name}-plugins",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--live-restore",
        ]

    def _configuration(self) -> pathlib.Path:
        path = self.run / "daemon.json"
        path.write_text(json.dumps({"default-ulimits": FEW_FILES}))
        return path

    def _wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                with self.client(timeout=5) as client:
                    client.ping()
                return
            except (docker.errors.DockerException, OSError):
                time.sleep(0.1)
        tail = "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-20:])
        raise EngineError(f"the engine does not answer; the end of {self.log}:\n{tail}")

    def client(self, timeout: int = 60):
        """The Docker SDK's client; a context manager."""
        return _Client(base_url=self.url, timeout=timeout)

    def clean(self) -> None:
        """Remove all containers and volumes; images stay, except those only generations name."""
        with self.client() as client:
            for container in client.containers.list(all=True, ignore_removed=True):
                try:
                    container.remove(force=True, v=True)
                except docker.errors.NotFound:
                    pass
            for volume in client.volumes.list():
                volume.remove(force=True)
            for image in client.api.images(filters={"reference": "kolla-generation/*"}):
                for tag in image["RepoTags"]:
                    if tag.startswith("kolla-generation/"):
                        client.images.remove(tag)

    def kill(self) -> None:
        """``kill -9`` of the engine; its containers live on. ``start`` brings it back."""
        self._signal(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start it in good order, containers staying (live-restore)."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop it, if it runs; containers are not touched."""
        self._signal(signal.SIGTERM)

    def inside(self) -> list[str]:
        """What a command begins with that is to see the machine as the engine does."""
        return []

    def pid(self) -> int | None:
        """The process id of the running engine, also of one that another run started."""
        return _running(self._pidfile, f"--pidfile={self._pidfile}")

    def _signal(self, number: signal.Signals, timeout: float = 30) -> None:
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, number)
        if self._process is not None and self._process.pid == pid:
            self._process.wait(timeout)
            self._process = None
        # A containerd that the engine started dies with it, a moment later. An engine that
        # finds its process id, even a zombie's, would wait for it in vain.
        containerd = self.run / "exec" / "containerd" / "containerd.pid"
        deadline = time.monotonic() + timeout
        while self.pid() is not None or _running(containerd, "containerd") is not None:
            if time.monotonic() > deadline:
                raise EngineError(f"the engine of the tests (process {pid}) does not stop")
            time.sleep(0.05)
        containerd.unlink(missing_ok=True)


def _running(pidfile: pathlib.Path, argument: str) -> int | None:
    """The process named in a pid file, if it lives and has that argument."""
    try:
        pid = int(pidfile.read_text())
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except (OSError, ValueError):
        return None
    return pid if argument in command else None


class _Client(docker.DockerClient):
    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def main() -> int:
    if sys.argv[1:] != ["stop"]:
        print("usage: python -m tests.functional.support.engine stop", file=sys.stderr)
        return 2
    for pidfile in [RUN / "docker.pid", *RUN.parent.glob(f"{RUN.name}-*/docker.pid")]:
        engine = Engine(CACHE, pidfile.parent)
        if engine.pid() is not None:
            engine.clean()
            engine.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
