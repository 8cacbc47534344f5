"""A deployment under test: its directories, its address and the real command line.

Everything goes through ``kolla`` as an operator runs it, in a process of its own.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping

from tests.functional.engine import Engine

BIN = pathlib.Path(sys.executable).parent
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

[messaging]
# epmd binds the loopback address too, where an operator's may listen already.
epmd_port = 14369

[images]
ca_bundle = {ca_bundle}
pip_index = {pip_index}
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

    @property
    def config_dir(self) -> pathlib.Path:
        return self.directory / "etc"

    @property
    def state_dir(self) -> pathlib.Path:
        return self.directory / "state"

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
        (self.config_dir / "kolla.conf").write_text(text)
        return self

    def configure(self, text: str, name: str = "90-test") -> pathlib.Path:
        """Write ``kolla.conf.d/NAME.conf``, replacing it if it is there; returns its path."""
        path = self.config_dir / "kolla.conf.d" / f"{name}.conf"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of the command line, with nothing of the developer's in it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        return {
            **kept,
            "COLUMNS": "120",
            # stevedore's cache notices a plugin installed a moment ago only after minutes.
            "XDG_CACHE_HOME": str(self.directory / "cache"),
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

    def command(self, *arguments: str) -> list[str]:
        """The command line that ``kolla`` and ``spawn`` run."""
        return [str(BIN / "kolla"), "--config-dir", str(self.config_dir), *arguments]
