"""A deployment under test: its directories, its address and the real command line.

Everything goes through ``kolla`` as an operator runs it, in a process of its own.
"""

import contextlib
import dataclasses
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Mapping

from tests.functional.support.engine import Engine

BIN = pathlib.Path(sys.executable).parent
#: The plugin of two containers that fail on demand.
SYNTHETIC = pathlib.Path(__file__).parents[1] / "synthetic"
#: What the machine trusts, its images' builds trust too (a site may inspect TLS).
MACHINE_CA_BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")

CONFIGURATION = """\
[DEFAULT]
state_dir = {state_dir}

[host]
name = {name}
address = {address}

[docker]
url = {url}

[images]
ca_bundle = {ca_bundle}
pip_index = {pip_index}

"""

BROKER = """\
[messaging]
durable_queues = true
# Another RabbitMQ may run already: epmd binds the loopback address too, and a node starts
# only if its distribution port is free on every address.
epmd_port = {epmd}
distribution_port = {distribution}
"""


@dataclasses.dataclass(frozen=True)
class Completed:
    """How a command ended, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str

    def json(self):
        """What a command with ``-f json`` wrote."""
        return json.loads(self.stdout)


@dataclasses.dataclass(frozen=True)
class Deployment:
    """Directories and address of one deployment; at most one uses the engine at a time."""

    engine: Engine
    directory: pathlib.Path
    address: str
    name: str = "testhost"
    #: Where the `kolla` that it is run with is.
    bin: pathlib.Path = BIN

    @property
    def config_dir(self) -> pathlib.Path:
        return self.directory / "etc"

    @property
    def state_dir(self) -> pathlib.Path:
        return self.directory / "state"

    @property
    def plugins(self) -> pathlib.Path:
        return self.directory / "plugins"

    def prepare(self) -> "Deployment":
        """Write kolla.conf; passwords are not made yet."""
        self.config_dir.mkdir(parents=True)
        text = CONFIGURATION.format(
            state_dir=self.state_dir,
            name=self.name,
            address=self.address,
            url=self.engine.url,
            ca_bundle=MACHINE_CA_BUNDLE if MACHINE_CA_BUNDLE.exists() else "",
            pip_index=os.environ.get("PIP_INDEX_URL", ""),
        )
        (self.config_dir / "kolla.conf").write_text(text + self.broker)
        return self

    @property
    def broker(self) -> str:
        """Options with which its RabbitMQ gets on with those of other networks."""
        epmd, distribution = self.broker_ports
        return BROKER.format(epmd=epmd, distribution=distribution)

    @property
    def broker_ports(self) -> tuple[int, int]:
        """Of epmd and of the distribution, which no other network has."""
        _, worker, network, _ = map(int, self.address.split("."))
        return 14000 + 256 * worker + network, 24000 + 256 * worker + network

    def configure(self, text: str, name: str = "90-test") -> pathlib.Path:
        """Write ``kolla.conf.d/NAME.conf``, replacing it if it is there; returns its path."""
        path = self.config_dir / "kolla.conf.d" / f"{name}.conf"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def install_plugin(self, project: pathlib.Path) -> None:
        """Let ``kolla`` see the plugin in a folder with a pyproject.toml, as pip would.

        For this deployment alone, and in a moment.
        """
        information, links, points = self._of_plugin(project)
        information.mkdir(parents=True)
        name, _, version = information.stem.rpartition("-")
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
        )
        (information / "entry_points.txt").write_text(points)
        for link, target in links.items():
            link.symlink_to(target)
        shutil.rmtree(self.directory / "cache", ignore_errors=True)

    def remove_plugin(self, project: pathlib.Path) -> None:
        """The reverse."""
        information, links, _ = self._of_plugin(project)
        shutil.rmtree(information)
        for link in links:
            link.unlink()
        shutil.rmtree(self.directory / "cache", ignore_errors=True)

    def _of_plugin(self, project: pathlib.Path):
        """Where its metadata goes, its packages with where they are, and its entry points."""
        text = tomllib.loads((project / "pyproject.toml").read_text())
        name, version = text["project"]["name"].replace("-", "_"), text["project"]["version"]
        lines = []
        for group, points in text["project"]["entry-points"].items():
            lines += [f"[{group}]", *(f"{point} = {place}" for point, place in points.items())]
        packages = text["tool"]["setuptools"]["packages"]
        return (
            self.plugins / f"{name}-{version}.dist-info",
            {self.plugins / package: project / package for package in packages},
            "\n".join([*lines, ""]),
        )

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of the command line, with nothing of the developer's in it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        return {
            **kept,
            "COLUMNS": "120",
            # stevedore's cache notices a plugin installed a moment ago only after minutes.
            "XDG_CACHE_HOME": str(self.directory / "cache"),
            "PYTHONPATH": str(self.plugins),
            **(extra or {}),
        }

    def kolla(
        self,
        *arguments: str,
        expect: int | None = 0,
        env: Mapping[str, str] | None = None,
        timeout: float = 900,
        stdin: str = "",
    ) -> Completed:
        """Run ``kolla ARGUMENTS`` to its end.

        A different exit code than ``expect`` fails the test and shows all output;
        with ``expect=None`` any exit code will do. ``timeout`` is in seconds.
        """
        process = subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, text=True,
            timeout=timeout, env=self.environment(env),
        )
        done = Completed(process.returncode, process.stdout, process.stderr)
        assert expect is None or done.exit_code == expect, (
            f"kolla {' '.join(arguments)} ended with {done.exit_code}, not {expect}\n"
            f"--- standard output\n{done.stdout}\n--- standard error\n{done.stderr}"
        )
        return done

    def spawn(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen:
        """Start ``kolla ARGUMENTS`` in a process group of its own and return at once."""
        return subprocess.Popen(
            self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True, env=self.environment(env),
        )

    @contextlib.contextmanager
    def spawned(self, *arguments: str) -> Iterator[subprocess.Popen]:
        """``spawn``, and at the end of the block nothing is left of it."""
        process = self.spawn(*arguments)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def command(self, *arguments: str) -> list[str]:
        """The command line that ``kolla`` and ``spawn`` run."""
        kolla = [str(self.bin / "kolla"), "--config-dir", str(self.config_dir)]
        return [*self.engine.inside(), *kolla, *arguments]

    def volume(self, name: str) -> pathlib.Path:
        """Where the engine keeps a volume."""
        return self.engine.cache / "engine" / "volumes" / name / "_data"


def line_of(process: subprocess.Popen, text: str) -> str:
    """Wait for a line of a spawned command's standard error, like a step of its progress."""
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"it ended with {process.wait()} and never wrote {text!r}")


def finish(process: subprocess.Popen, expect: int = 0) -> str:
    """Wait for the end of a spawned command; returns the rest of its standard error."""
    _, errors = process.communicate(timeout=300)
    assert process.returncode == expect, errors
    return errors


def derive(engine: Engine, parent: str, tag: str, *lines: str, **scripts: str) -> str:
    """Build an image on another one: further lines of its Dockerfile, and commands it gets.

    An underscore in a command's name stands for a dash. Returns the tag.
    """
    texts = {name.replace("_", "-"): text for name, text in scripts.items()}
    copies = [f"COPY --chown=0:0 {name} /usr/local/bin/{name}" for name in texts]
    texts["Dockerfile"] = "\n".join([f"FROM {parent}", *copies, *lines, ""])
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, text in texts.items():
            facts = tarfile.TarInfo(name)
            facts.size, facts.mode = len(text.encode()), 0o755
            archive.addfile(facts, io.BytesIO(text.encode()))
    context.seek(0)
    with engine.client() as client:
        client.images.build(fileobj=context, custom_context=True, tag=tag, rm=True, forcerm=True)
    return tag


def run(*command, cwd: pathlib.Path | None = None) -> str:
    """Run a command that must succeed; returns its standard output."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
