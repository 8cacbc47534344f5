"""Runs Tempest against a cloud of all services, which is set up on a machine of its own.

    python -m tests.tempest [--output FOLDER] [TESTS...]

Run it as root. TESTS is a part, like ``compute``, or a regular expression; one after the other is
run, and each prints at its end how many tests passed, which failed, and why others were skipped.
With ``-`` they are read from standard input, a line each, while the cloud stays. An interrupt ends
it all; what is known until then is printed.

Tempest itself comes from PyPI into an environment of its own. ``excluded.txt`` lists the tests
that cannot pass in such a cloud, each with the reason. The folder gets what Tempest has logged.
"""

import argparse
import configparser
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator

from tests.functional.support import guest
from tests.functional.support.cloud import Cloud
from tests.functional.support.engine import CACHE, Engine
from tests.functional.support.images import COMPUTE, OPTIONAL, Builder
from tests.functional.support.server import CONFIGURATION, configured
from tests.tempest.configuration import configuration
from tests.tempest.outcomes import Outcomes

TEMPEST = "tempest==47.0.0"
ADDRESS = "127.0.79.1"
HERE = pathlib.Path(__file__).parent
#: The kernel and the ramdisk of the virtual machines.
GUEST = CACHE / "tempest-guest"
PARTS = {
    "identity": r"^tempest\.api\.identity\.",
    "image": r"^tempest\.api\.image\.",
    "network": r"^tempest\.api\.network\.",
    "compute": r"^tempest\.api\.compute\.",
    "scenario": r"^tempest\.scenario\.test_(minimum_basic|network_advanced_server_ops"
                r"|network_basic_ops|security_groups_basic_ops|server_advanced_ops"
                r"|server_basic_ops|server_multinode|shelve_instance|snapshot_pattern)\.",
}
#: Tests side by side. A virtual machine that boots without KVM takes a processor.
WORKERS = 2


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.tempest", description=__doc__.partition("\n")[0],
    )
    parser.add_argument(
        "tests", nargs="*", default=[*PARTS], metavar="TESTS",
        help=f"{', '.join(PARTS)}, a regular expression, or -; all parts if nothing is named",
    )
    parser.add_argument("--output", type=pathlib.Path, metavar="FOLDER", help="for its logs")
    arguments = parser.parse_args()
    if not shutil.which("ping"):
        sys.exit("there is no ping, which scenarios call: apt-get install iputils-ping")
    folder = arguments.output or pathlib.Path(tempfile.mkdtemp(prefix="kolla-tempest-"))
    folder.mkdir(parents=True, exist_ok=True)
    program = install(CACHE / "tempest")
    guest.image(GUEST, HERE / "guest")
    with cloud() as made, workspace(program, configuration(made, GUEST, folder)) as place:
        codes = [run(program, place, tests) for tests in asked(arguments.tests)]
    return int(any(codes))


def install(folder: pathlib.Path) -> pathlib.Path:
    """The program, in an environment of its own."""
    if not (folder / "bin" / "tempest").exists():
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", TEMPEST], check=True)
    return folder / "bin" / "tempest"


@contextlib.contextmanager
def cloud() -> Iterator[Cloud]:
    """All its services run, and the block is in the network of their machine."""
    engine = Engine()
    engine.start()
    try:
        with tempfile.TemporaryDirectory() as home:
            builder = Builder(engine, pathlib.Path(home) / "builder")
            builder.build()
            builder.only(*OPTIONAL, *COMPUTE)
            with configured(engine, pathlib.Path(home), ADDRESS, CONFIGURATION) as made:
                made.deployment.kolla("set", "start", timeout=1800)
                yield made
    finally:
        engine.stop()


@contextlib.contextmanager
def workspace(program: pathlib.Path, found: dict[str, dict[str, str]]) -> Iterator[pathlib.Path]:
    """A folder that Tempest runs in. What it knows of the cloud, passwords too, goes with it."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(found)
    with tempfile.TemporaryDirectory() as home:
        place = pathlib.Path(home) / "workspace"
        subprocess.run([program, "init", place], check=True, env={**os.environ, "HOME": home})
        path = place / "etc" / "tempest.conf"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            parser.write(file)
        print(f"Tempest is configured in {path}", flush=True)
        yield place


def asked(tests: list[str]) -> Iterator[str]:
    """Regular expressions; those of standard input when they are written there."""
    for each in tests:
        for line in map(str.strip, sys.stdin if each == "-" else [each]):
            if line:
                yield PARTS.get(line, line)


def run(program: pathlib.Path, place: pathlib.Path, tests: str) -> int:
    """Its exit code. Whatever ends it, its workers end too, and what is known is printed."""
    outcomes, began = Outcomes(), time.monotonic()
    process = subprocess.Popen(
        [program, "run", "--regex", tests, "--exclude-list", HERE / "excluded.txt",
         "--concurrency", str(WORKERS)],
        cwd=place, env={**os.environ, "HOME": str(place.parent), "PYTHONUNBUFFERED": "1"},
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
    )
    try:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            outcomes.take(line)
        return process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()  # it writes into a folder that goes next
        print(f"\n{tests}, {(time.monotonic() - began) / 60:.0f} minutes\n{outcomes}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
