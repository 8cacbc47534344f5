"""Where the benchmarks run: a Docker engine of their own, its images, and a deployment.

The images stay from one run to the next in ``KOLLA_BENCHMARK_CACHE``
(/var/cache/kolla-benchmarks); containers and volumes do not.
"""

import contextlib
import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Iterator, Mapping

from tests.functional.support import harness
from tests.functional.support.engine import Engine

CACHE = pathlib.Path(os.environ.get("KOLLA_BENCHMARK_CACHE", "/var/cache/kolla-benchmarks"))
RUN = pathlib.Path("/run/kolla-benchmarks")
#: Out of the way of an operator's services and of the tests.
ADDRESS = "127.0.78.1"
#: RabbitMQ looks at 127.0.0.1 as well, where it must not meet another one.
MESSAGING = "[messaging]\nepmd_port = 14370\ndistribution_port = 25674\n"
REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent


@dataclasses.dataclass(frozen=True)
class Deployment(harness.Deployment):
    """A deployment that also finds the plugins of a folder, as if they were installed."""

    @property
    def plugins(self) -> pathlib.Path:
        return self.directory / "plugins"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        path = os.pathsep.join([str(self.plugins), str(REPOSITORY)])
        return super().environment({"PYTHONPATH": path, **(extra or {})})

    def install(self, name: str, entry_points: Mapping[str, Mapping[str, str]],
                module: str = "") -> None:
        """Make a distribution with these entry points: by group, name and ``module:thing``."""
        information = self.plugins / f"{name}-1.dist-info"
        information.mkdir(parents=True, exist_ok=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        lines = []
        for group, things in entry_points.items():
            lines += [f"[{group}]", *(f"{key} = {value}" for key, value in things.items())]
        (information / "entry_points.txt").write_text("\n".join(lines) + "\n")
        if module:
            (self.plugins / f"{name}.py").write_text(module)


@contextlib.contextmanager
def running_engine() -> Iterator[Engine]:
    """The engine of the benchmarks, without containers or volumes."""
    engine = Engine(CACHE, RUN)
    engine.start()
    try:
        engine.clean()
        yield engine
        engine.clean()
    finally:
        engine.stop()


@contextlib.contextmanager
def deployment(engine: Engine) -> Iterator[Deployment]:
    """A deployment with a configuration and passwords; nothing of it stays on the engine."""
    with tempfile.TemporaryDirectory(prefix="kolla-benchmark-") as folder:
        made = Deployment(engine, pathlib.Path(folder), ADDRESS)
        made.prepare()
        made.configure(MESSAGING, "10-benchmark")
        made.kolla("config", "passwords")
        try:
            yield made
        finally:
            engine.clean()


def build_images(lab: Deployment, *names: str) -> None:
    """Build them if they are not; all of them without a name."""
    lab.kolla("image", "build", *names, timeout=2400)
