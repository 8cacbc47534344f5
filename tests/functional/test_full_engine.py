"""The disk of the engine is full: what serves goes on, whatever an operator tries."""

import contextlib
import errno
import pathlib
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.functional.conftest import SYNTHETIC, new_deployment
from tests.functional.support.engine import Engine
from tests.functional.support.harness import Deployment, line_of, run
from tests.functional.support.watching import generation, serving

HTTP, WORKER = "synthetic-http", "synthetic-worker"
LATER = ("--release", "2026.2")
#: Bytes for both images, and for what an upgrade needs at least.
DISK, LITTLE = 500 << 20, 4 << 20


class Small:
    """A deployment whose engine has a small disk for itself."""

    def __init__(self, deployment: Deployment, disk: pathlib.Path):
        self.deployment, self.kolla, self.disk = deployment, deployment.kolla, disk

    @contextlib.contextmanager
    def filled(self, left: int = 0) -> Iterator[None]:
        """So many bytes are left on the disk while the block runs."""
        filler = self.disk / f"filler-{left}"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC
            file.truncate(max(file.tell() - left, 0))
        try:
            yield
        finally:
            filler.unlink()

    def started(self) -> dict[str, str]:
        """When each container was that runs."""
        with self.deployment.engine.client() as client:
            return {
                container.name: container.attrs["State"]["StartedAt"]
                for container in client.containers.list()
                # The list of an engine that could not write is of yesterday.
                if container.attrs["State"]["Running"]
            }


@pytest.fixture(scope="module")
def small(engine, synthetic_images, tmp_path_factory) -> Iterator[Small]:
    disk = tmp_path_factory.mktemp("disk")
    run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk)
    own = Engine(disk, engine.run.with_name(f"{engine.run.name}-small"))
    own.log = tmp_path_factory.mktemp("log") / "dockerd.log"
    try:
        own.start()
        command = ("docker", "-H")
        with subprocess.Popen(
            [*command, engine.url, "save", *synthetic_images], stdout=subprocess.PIPE
        ) as images:
            subprocess.run([*command, own.url, "load"], stdin=images.stdout, check=True)
        with new_deployment(own, tmp_path_factory, "full") as deployment:
            deployment.install_plugin(SYNTHETIC)
            deployment.configure("[host]\nenabled = synthetic\n", "10-host")
            deployment.kolla("config", "passwords")
            deployment.kolla("set", "start")
            yield Small(deployment, disk)
    finally:
        own.stop()
        subprocess.run(["umount", disk / "engine"], capture_output=True)
        run("umount", disk)


@pytest.mark.parametrize("command", [
    ("upgrade", HTTP, *LATER), ("upgrade", WORKER, *LATER), ("restart", HTTP), ("restart", WORKER),
], ids=" ".join)
def test_what_cannot_be_done_on_a_full_disk_is_said_and_stops_nothing(small, command):
    started = small.started()
    with small.filled(), serving(small.deployment):
        done = small.kolla("container", *command, expect=1)
        assert "no space left on device" in done.stderr and "bug" not in done.stderr
        assert small.started() == started
    small.kolla("recover")
    assert small.started() == started


@pytest.mark.parametrize("moment", [
    "start", "stop",
    *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("create", "check", "commit")),
])
def test_a_disk_that_fills_while_an_upgrade_runs_costs_no_request(small, moment):
    """One that is handed over; either generation may count in the end."""
    with small.filled(LITTLE), serving(small.deployment) as answers:
        before = len(answers.given)
        with small.deployment.spawned(
            "--set", f"synthetic-http/DEFAULT.workers={len(moment)}", "container", "upgrade", HTTP
        ) as process:
            line_of(process, f"{moment} {HTTP}-g")
            process.send_signal(signal.SIGSTOP)
            with small.filled():
                process.send_signal(signal.SIGCONT)
                _, said = process.communicate(timeout=120)
                answers.wait_for(lambda: len(answers.given) > before + 5)
        assert process.returncode in (0, 1) and "bug in kolla" not in said, said
    small.kolla("recover")
    assert f"{HTTP}-g{generation(small.deployment)}" in small.started()
    assert len(small.started()) == 2


def test_what_a_disk_that_fills_half_way_keeps_from_starting_comes_back_with_room(small):
    with small.filled(LITTLE), small.deployment.spawned("container", "restart", WORKER) as process:
        line_of(process, f"stop {WORKER}-g")
        process.send_signal(signal.SIGSTOP)
        with small.filled():
            process.send_signal(signal.SIGCONT)
            _, said = process.communicate(timeout=120)
        assert process.returncode == 0 or "`kolla recover` carries on from here" in said, said
    small.kolla("recover")
    assert len(small.started()) == 2
