"""Builds the images of the tests, each release once.

Run as a program it builds all of them, for the engines of a run to begin with::

    python -m tests.functional.support.images
"""

import pathlib
import tempfile

from tests.functional.support.engine import Engine
from tests.functional.support.harness import SYNTHETIC, Completed, Deployment

#: Of kolla's own images: the oldest that schema tests begin with, up to the newest.
RELEASES = ("2025.2", "2026.1", "2026.2")
#: Of the synthetic service: an earlier and a later one.
SYNTHETIC_RELEASES = ("2026.1", "2026.2")
#: Images of optional containers, and the releases that tests of a default run need of them.
OPTIONAL, OPTIONAL_RELEASES = ("nova", "placement-api"), ("2026.1", "2026.2")
#: The rest of what virtual machines take; of one release.
COMPUTE = ("nova-compute", "nova-libvirt", "neutron", "neutron-agents", "openvswitch")
#: Measures and alarms; only tests of these services need them.
TELEMETRY = ("gnocchi", "ceilometer", "aodh")
#: Block storage; only tests of these services need it.
CINDER = ("cinder", "cinder-volume")
#: Object storage; only tests of these services need it.
SWIFT = ("swift", "swift-storage")


class Builder:
    """Builds with ``kolla image build``, which does nothing where nothing has changed."""

    def __init__(self, engine: Engine, folder: pathlib.Path):
        self._own = Deployment(engine, folder / "own", "127.0.0.1").prepare()
        self._synthetic = Deployment(engine, folder / "synthetic", "127.0.0.1").prepare()
        self._synthetic.install_plugin(SYNTHETIC)
        self._built: dict[str, Completed] = {}

    def build(self, release: str = "") -> Completed:
        """All of kolla's own images, of the default release if none is named."""
        if release not in self._built:
            option = ["--release", release] if release else []
            self._built[release] = self._own.kolla("image", "build", *option, timeout=2400)
        return self._built[release]

    def only(self, *names: str, release: str = "") -> None:
        """Some of kolla's own images, of the default release if none is named."""
        option = ["--release", release] if release else []
        self._own.kolla("image", "build", *names, *option, timeout=2400)

    def plugin(self, project: pathlib.Path, *names: str) -> None:
        """Images of a plugin, by the folder of its project."""
        self._own.install_plugin(project)
        try:
            self._own.kolla("image", "build", *names, timeout=2400)
        finally:
            self._own.remove_plugin(project)

    def synthetic(self) -> tuple[str, ...]:
        """The images of the synthetic service, by release."""
        for release in SYNTHETIC_RELEASES:
            self._synthetic.kolla(
                "image", "build", "synthetic", "--release", release, timeout=2400
            )
        return tuple(f"kolla/synthetic:{release}" for release in SYNTHETIC_RELEASES)


def main() -> None:
    engine = Engine()
    with tempfile.TemporaryDirectory() as folder:
        engine.start()
        try:
            builder = Builder(engine, pathlib.Path(folder))
            for release in RELEASES:
                print(builder.build(release).stdout, flush=True)
            for release in OPTIONAL_RELEASES:
                builder.only(*OPTIONAL, release=release)
            builder.only(*COMPUTE, "heat", "memcached")
            builder.synthetic()
        finally:
            engine.stop()


if __name__ == "__main__":
    main()
