"""Runs the command line against plugins of the test's own, without an engine."""

import contextlib
import dataclasses
import io
import json
import os
import pathlib
import subprocess
import sys

from kolla.cli.main import Kolla
from kolla.store.store import Store

MAIN = "import sys; from kolla.cli.main import main; sys.exit(main())"

PLUGIN_NAME = "probe_plugin"
PLUGIN = """\
import pathlib
from kolla.plugin import (
    Container, ContainerSet, Former, HostMount, Image, Listen, Privilege, Scratch, Task, Volume,
)

IMAGE = Image("probe", pathlib.Path(__file__).parent)
RARITIES = ContainerSet("rarities", "What few hosts have", optional=True)
CACHES = ContainerSet(
    "caches", "What can be lost", formerly=(Former("magazines", since="2026.1"),),
)
NEAR_CACHES = ContainerSet("near-caches", "Caches on this host", parent="caches")
PROBE = Container(
    name="probe", parent="near-caches", summary="Keeps nothing", image=IMAGE, user=42999,
    environment={"KOLLA_PORT": "11211"}, listens=(Listen("${host.address}", "11211"),),
    volumes=(Volume("probe", "/var/lib/probe"),), scratch=(Scratch("/tmp"),),
    formerly=(Former("sonde"),),
    on_demand=(Task("purge", ("purge", "--old"), every=3600), Task("rotate", ("rotate",))),
)
SPARE = Container(
    name="spare", parent="caches", summary="Seldom needed", image=IMAGE, user=42997,
    optional=True,
)
GUARD = Container(
    name="guard", parent="caches", summary="Watches the host", image=IMAGE, user=42998,
    requires=("probe",), privileges=(Privilege("pid", "sees every process"),),
    host_mounts=(HostMount("/dev", "/dev", "reads the disks"),),
)
"""

ENTRY_POINTS = """\
[kolla.container_sets]
rarities = probe_plugin:RARITIES
caches = probe_plugin:CACHES
near-caches = probe_plugin:NEAR_CACHES
[kolla.containers]
probe = probe_plugin:PROBE
guard = probe_plugin:GUARD
spare = probe_plugin:SPARE
"""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class CommandLine:
    """A configuration and a plugin in a folder, and the commands run against them."""

    def __init__(self, folder: pathlib.Path, entry_points: str = ENTRY_POINTS):
        self.folder = folder
        self.state_dir = folder / "state"
        self.config = folder / "etc" / "kolla.conf"
        self.config.parent.mkdir()
        self.config.write_text(
            f"[DEFAULT]\nstate_dir = {self.state_dir}\n"
            "[host]\nenabled = caches\n"
            f"[docker]\nurl = unix://{folder}/no-engine.sock\n"
        )
        hosts = self.config.parent / "hosts"
        hosts.mkdir()
        (hosts / "other.conf").touch()
        self.plugins = folder / "plugins"
        metadata = self.plugins / "probe-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(entry_points)
        (self.plugins / f"{PLUGIN_NAME}.py").write_text(PLUGIN)
        (self.plugins / "Dockerfile").touch()

    def __call__(self, *arguments: str) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = Kolla().run(["--config-dir", str(self.config.parent), *arguments])
        return Answer(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, code: str = MAIN) -> Answer:
        """The same in a Python of its own, which runs ``code``."""
        done = subprocess.run(
            [sys.executable, "-c", code, "--config-dir", str(self.config.parent), *arguments],
            capture_output=True, text=True, timeout=60,
            env={**os.environ, "PYTHONPATH": str(self.plugins)},
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    @property
    def store(self) -> Store:
        """What kolla remembers; close it, or use it as long as the test runs."""
        return Store(self.state_dir)
