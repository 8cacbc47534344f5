"""The story of the tutorial: the real command line and plugins, on an engine that is made up."""

import hashlib
import pathlib
import shlex

from kolla import network
from kolla.catalog import naming
from kolla.catalog.catalog import Catalog
from kolla.cli.main import Kolla
from kolla.deployment import Deployment
from kolla.plugin.reports import ImageFacts
from kolla.times import now
from tests.unit.support import engine, terminal

CONFIGURATION = """\
[DEFAULT]
state_dir = {state_dir}
release = 2026.1
[host]
name = control1
address = 127.0.0.1
"""
#: The versions of the software in each image, by release; "" is of images of all releases.
VERSIONS = {
    "mariadb": {"": "11.8.3"}, "rabbitmq": {"": "4.1.4"},
    "keystone": {"2026.1": "29.1.0", "2026.2": "30.0.0"},
    "glance-api": {"2026.1": "32.0.0", "2026.2": "33.0.0"},
}
BROKEN = "[keystone/DEFAULT]\nlog_file = /nowhere/log\n"
#: What Keystone says of it.
COMPLAINT = (
    "Traceback (most recent call last):",
    "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/log'",
    "kolla-start: the application has ended with status 22",
)


class Engine(engine.Engine):
    """One on which some generations do not start."""

    def __init__(self):
        super().__init__()
        self.broken: set[str] = set()

    def start(self, name):
        super().start(name)
        if name in self.broken:
            self.change(name, running=False, status="exited", exit_code=1)

    def logs(self, name, tail=None, since=None, until=None, follow=False):
        said = COMPLAINT if name in self.broken else ("the application is ready",)
        return iter([(now(), line) for line in said][-(tail or 100):])


class Line(Kolla):
    """The command line with that engine."""

    def __init__(self, engine: Engine):
        super().__init__()
        self.engine = engine

    def new_deployment(self) -> Deployment:
        deployment = super().new_deployment()
        deployment._backends["docker"] = self.engine
        return deployment


class Story:
    """The commands of the tutorial, and what they showed, by name."""

    def __init__(self, folder: pathlib.Path, monkeypatch):
        monkeypatch.setattr(network, "problem", lambda *arguments: None)
        for name, value in (
            ("COLUMNS", "80"), ("LINES", "24"), ("TERM", "xterm-256color"),
            # Of tables; cliff asks file 1, which need not be the terminal here.
            ("CLIFF_MAX_TERM_WIDTH", "80"),
        ):
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("SUDO_USER", "alice")
        self.engine, self.config_dir = Engine(), folder / "etc"
        self.words = {str(self.config_dir): "/etc/kolla", str(folder / "state"): "/var/lib/kolla"}
        self.config_dir.mkdir()
        text = CONFIGURATION.format(state_dir=folder / "state")
        (self.config_dir / "kolla.conf").write_text(text)
        self.shown: dict[str, list[terminal.Shown]] = {}
        self._build()

    def tell(self, name: str, *lines: str, code: int = 0) -> None:
        """Run these commands and keep what they show under a name."""
        for line in lines:
            shown = terminal.replaced(terminal.run(line, lambda: self.run(line)), self.words)
            assert shown.exit_code == code, f"{line}: {shown.exit_code}\n{shown.text}"
            self.shown.setdefault(name, []).append(shown)

    def run(self, line: str) -> int:
        arguments = ["--config-dir", str(self.config_dir), *shlex.split(line)[1:]]
        return Line(self.engine).run(arguments)

    def configure(self, text: str) -> None:
        (self.config_dir / "kolla.conf.d").mkdir(exist_ok=True)
        (self.config_dir / "kolla.conf.d" / "50-keystone.conf").write_text(text)

    def _build(self) -> None:
        for container in Catalog.load().containers.values():
            for release, version in VERSIONS.get(container.name, {}).items():
                for each in (release,) if release else ("2026.1", "2026.2"):
                    reference = naming.reference(container.image, each, "kolla")
                    labels = {"org.opencontainers.image.version": version, "kolla.release": each,
                              "kolla.refreshed": now()}
                    identity = f"sha256:{hashlib.sha256(reference.encode()).hexdigest()}"
                    facts = ImageFacts(identity, reference, labels, 300_000_000, now())
                    self.engine.built[reference] = facts


def told(story: Story) -> None:
    """All of it, in the order of the page."""
    assert story.run("kolla --quiet config passwords") == 0
    assert story.run("kolla --quiet set start") == 0
    story.tell("tree", "kolla set tree")
    story.tell("check", "kolla set check")
    story.tell("status", "kolla status")
    story.tell("list", "kolla container list")
    story.tell("dry-run", "kolla container upgrade keystone --release 2026.2 --dry-run")
    story.tell("upgrade", "kolla container upgrade keystone --release 2026.2")
    story.tell("history", "kolla container history keystone")
    story.tell("plan", "kolla plan")
    story.tell("rollback", "kolla container rollback keystone")
    story.configure(BROKEN)
    story.engine.broken.add("keystone-g4")
    story.tell("failure", "kolla container upgrade keystone", code=1)
    story.tell("after-failure", "kolla set check", "kolla container history keystone")
    story.configure("")
    story.tell("follow", "kolla container upgrade keystone --follow-config")
    story.tell("events", "kolla event list")
    story.tell("diff", "kolla container diff keystone 1 2")
    story.tell("show", "kolla container show keystone")
    story.tell("validate", "kolla config validate")
