"""Writes a compose file that runs a tree without kolla."""

import dataclasses
import logging
import pathlib
import re

from kolla.backends.compose import document, dotenv
from kolla.backends.compose.document import Entry
from kolla.backends.compose.service import escaped, service
from kolla.backends.instances import Instances
from kolla.errors import KollaError
from kolla.files import write_whole
from kolla.health.rules import STRAINED, check_of
from kolla.plugin.export import Exported, Tree
from kolla.plugin.instance import Instance
from kolla.plugin.spec import Spec

LOG = logging.getLogger(__name__)

ABOUT = """\
The containers of {host}, written by `kolla set export`: to be read, kept in version control,
or run without kolla.

  docker compose up -d        starts everything, in the order in which it needs each other

It is for compose 2. docker-compose 1.29 runs it as well, unless the export warned that it
misreads a secret. The images have to be there (`kolla image build`). Secrets are in files
that .gitignore leaves out. Paths are those below this folder; what lies there belongs to the
users of the containers. An upgrade by `up` stops a service before it has another one, and
there is no way back: that is what kolla is for."""
#: The folder of secret variables, below that of the export.
SECRET = ("/env/", "/containers/*/secrets*")
#: Seconds between two checks: few, since other services wait for them.
INTERVAL = 5
#: The conditions that a service waits for.
HEALTHY, ENDED = "service_healthy", "service_completed_successfully"


def export(tree: Tree, output: pathlib.Path) -> list[pathlib.Path]:
    """Write ``compose.yaml`` and the files it refers to.

    Raises :class:`KollaError` if a file there was edited, a secret is missing, or this user
    may not give files to the users of the containers.
    """
    output = output.absolute()
    file = output / "compose.yaml"
    if file.exists() and not document.untouched(file.read_text(errors="replace")):
        raise KollaError(
            f"{file} was edited, or is not kolla's", "move it away, or export elsewhere"
        )
    writer = _Writer(tree, output)
    ignored = output / ".gitignore"
    _add_lines(ignored, [*SECRET, *map(writer.pattern, writer.secret_files())])
    entries = [entry for exported in tree.containers for entry in writer.entries(exported)]
    text = document.render(entries, ABOUT.format(host=tree.host), external=False)
    write_whole(file, text.encode(), 0o644)
    return [file, ignored, *writer.written]


def _add_lines(path: pathlib.Path, lines: list[str]) -> None:
    """Add these lines to a file that lacks them; its other lines stay."""
    before = path.read_bytes() if path.exists() else b""
    missing = [line.encode() for line in lines if line.encode() not in before.splitlines()]
    if missing:
        end = b"" if before.endswith(b"\n") or not before else b"\n"
        write_whole(path, before + end + b"\n".join(missing) + b"\n", 0o644)


class _Instances(Instances):
    """Instances whose files lie in a folder of the container's name, and without dumps."""

    def home(self, container: str, generation: int) -> pathlib.Path:
        return self.state_dir / "containers" / container

    def _may_dump(self, spec: Spec, phase: str) -> bool:
        return False


class _Writer:
    """Makes the services of containers and writes their files."""

    def __init__(self, tree: Tree, output: pathlib.Path):
        self.tree, self.output = tree, output
        self.instances = _Instances(output, tree.settings)
        self.written: list[pathlib.Path] = []

    def secret_files(self) -> list[pathlib.Path]:
        """The files of the containers that will contain secrets."""
        return [place for exported in self.tree.containers
                for place, content in self._files(exported).items()
                if self.tree.settings.references(content)]

    def pattern(self, path: pathlib.Path) -> str:
        """The pattern in .gitignore for a file."""
        return "/" + re.sub(r"([\\*?\[ ])", r"\\\1", str(path.relative_to(self.output)))

    def entries(self, exported: Exported) -> list[Entry]:
        """The first set-up, one task after the other, and the container itself."""
        spec, needs = exported.spec, dict.fromkeys(self.tree.requires(exported), HEALTHY)
        made = []
        for order, task in enumerate(spec.tasks["bootstrap"]):
            instance = self.instances.task(spec, 1, task, "bootstrap", spec)
            entry = self._task(exported, instance, task.name, order, needs)
            needs = needs | {entry.name: ENDED}
            made.append(entry)
        return [*made, self._container(exported, len(made), needs)]

    def _task(
        self, exported: Exported, instance: Instance, task: str, order: int, needs: dict
    ) -> Entry:
        name = f"{exported.container.name}-{task}"
        words = self._service(name, instance) | {"restart": "no"} | _depends_on(needs)
        comment = f"{task}: the first set-up of {exported.container.name}, which may be repeated"
        return Entry(name, words, exported.path, order, (comment,))

    def _container(self, exported: Exported, order: int, needs: dict) -> Entry:
        name, spec = exported.container.name, exported.spec
        instance = self.instances.make(spec, 1)
        self._lay_out(exported)
        check = check_of(spec, self.tree.settings)
        health = {
            # compose knows no "degraded": exit code 75 counts as healthy.
            "test": ["CMD", "sh", "-c", f'"$@" || [ $? = {STRAINED} ]', "sh", *check.command],
            "interval": f"{min(check.interval, INTERVAL)}s",
            "timeout": f"{check.timeout}s", "retries": check.retries,
            "start_period": f"{check.grace}s",
        }
        words = (
            self._service(name, instance) | {"healthcheck": escaped(health)} | _depends_on(needs)
        )
        comments = (
            f"{name}: {exported.container.summary}",
            f"plugin {exported.distribution}; image {spec.image}",
        )
        return Entry(name, words, exported.path, order, comments)

    def _lay_out(self, exported: Exported) -> None:
        """Let the container take its public address by itself: nothing tells it to."""
        self.instances.mark_joined(exported.container.name, 1)
        self.written += self._files(exported)

    def _files(self, exported: Exported) -> dict[pathlib.Path, str]:
        """The content of each file, with references instead of secrets."""
        folder = self.instances.home(exported.container.name, 1) / "files"
        files = sorted(exported.spec.files, key=lambda file: file.path)
        return {folder / file.path.lstrip("/"): file.text for file in files}

    def _service(self, name: str, instance: Instance) -> dict:
        env_file = self.output / "env" / f"{name}.env"
        secrets = {key: instance.environment[key] for key in instance.secrets}
        if secrets:
            write_whole(env_file, dotenv.text(secrets).encode())
            self.written.append(env_file)
            for variable in dotenv.misread(secrets):
                LOG.warning("docker-compose 1.29 misreads %s in %s; compose 2 does not",
                            variable, env_file)
        binds = tuple(
            (self._relative(source), path, options) for source, path, options in instance.binds
        )
        plain = dataclasses.replace(instance, name=name, labels={}, binds=binds)
        return service(plain, f"./env/{name}.env")

    def _relative(self, source: str) -> str:
        below = source.startswith(f"{self.output}/")
        return f"./{pathlib.Path(source).relative_to(self.output)}" if below else source


def _depends_on(needs: dict[str, str]) -> dict:
    conditions = {name: {"condition": needs[name]} for name in sorted(needs)}
    return {"depends_on": conditions} if conditions else {}
