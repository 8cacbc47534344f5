"""Writes a compose file that runs a tree without kolla."""

import logging
import pathlib
import re
from collections.abc import Iterator

from kolla.compose import document, dotenv
from kolla.compose.document import Entry
from kolla.compose.service import escaped, service
from kolla.plugin import STRAINED, Exported, KollaError, MountKind, Program, Tree, Written
from kolla.plugin.instance import Instance, granted

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
SECRETS = "/env/"
#: Where a container finds what kolla tells it, and the file there that has it join by itself.
OWN, JOINED = "/var/lib/kolla/generation", "joined"
#: Seconds between two checks: few, since other services wait for them.
INTERVAL = 5
#: The conditions that a service waits for.
HEALTHY, ENDED = "service_healthy", "service_completed_successfully"


def export(tree: Tree, output: pathlib.Path) -> Iterator[Written]:
    """``compose.yaml`` and the files it refers to.

    Raises :class:`KollaError` if the file there was edited.
    """
    file = output / "compose.yaml"
    if file.exists() and not document.untouched(file.read_text(errors="replace")):
        raise KollaError(
            f"{file} was edited, or is not kolla's", "move it away, or export elsewhere"
        )
    writer = _Writer(tree)
    entries = [entry for exported in tree.containers for entry in writer.entries(exported)]
    text = document.render(entries, ABOUT.format(host=tree.host), external=False)
    yield Written(file.name, text.encode())
    secret = [_pattern(path) for path in writer.secret_files]
    yield _with_lines(output / ".gitignore", [SECRETS, *secret])
    yield from writer.files


def _with_lines(path: pathlib.Path, lines: list[str]) -> Written:
    """A file with these lines, and with those that it has already."""
    before = path.read_bytes() if path.exists() else b""
    missing = [line.encode() for line in lines if line.encode() not in before.splitlines()]
    if missing and not before.endswith(b"\n") and before:
        before += b"\n"
    return Written(path.name, before + b"".join(line + b"\n" for line in missing))


def _pattern(path: str) -> str:
    """The pattern in .gitignore for a file."""
    return "/" + re.sub(r"([\\*?\[ ])", r"\\\1", path)


class _Writer:
    """Makes the services of containers, and the files beside them."""

    def __init__(self, tree: Tree):
        self.tree = tree
        self.by_name = {exported.container.name: exported for exported in tree.containers}
        self.files: list[Written] = []
        self.secret_files: list[str] = []

    def entries(self, exported: Exported) -> list[Entry]:
        """The first set-up, one task after the other, and the container itself."""
        needs = dict.fromkeys(self.tree.requires(exported), HEALTHY)
        made = []
        for order, task in enumerate(exported.tasks["bootstrap"]):
            entry = self._task(exported, task, order, needs)
            needs = needs | {entry.name: ENDED}
            made.append(entry)
        return [*made, self._container(exported, len(made), needs)]

    def _task(self, exported: Exported, task: Program, order: int, needs: dict) -> Entry:
        name = f"{exported.container.name}-{task.name}"
        place = self.by_name.get(task.of, exported)
        words = self._service(name, place, task) | {"restart": "no"} | _depends_on(needs)
        whose = exported.container.name
        comment = f"{task.name}: the first set-up of {whose}, which may be repeated"
        return Entry(name, words, exported.path, order, (comment,))

    def _container(self, exported: Exported, order: int, needs: dict) -> Entry:
        name = exported.container.name
        self._lay_out(exported)
        words = (
            self._service(name, exported, exported.service)
            | {"healthcheck": escaped(_health(exported))} | _depends_on(needs)
        )
        comments = (
            f"{name}: {exported.container.summary}",
            f"plugin {exported.distribution}; image {exported.image}",
        )
        return Entry(name, words, exported.path, order, comments)

    def _lay_out(self, exported: Exported) -> None:
        """Its files; one of them has it take its public address by itself."""
        folder = _folder(exported)
        self.files.append(Written(f"{folder}/own/{JOINED}", b""))
        for file in exported.files:
            place = f"{folder}/files{file.path}"
            self.files.append(Written(place, file.content, file.mode, exported.user))
            if file.secret:
                self.secret_files.append(place)

    def _service(self, name: str, exported: Exported, program: Program) -> dict:
        env_file = f"env/{name}.env"
        if program.secrets:
            text = dotenv.text(program.secrets)
            self.files.append(Written(env_file, text.encode(), 0o600))
            for variable in dotenv.misread(program.secrets):
                LOG.warning("docker-compose 1.29 misreads %s in %s; compose 2 does not",
                            variable, env_file)
        return service(_instance(name, exported, program), f"./{env_file}")


def _instance(name: str, exported: Exported, program: Program) -> Instance:
    mounts, options = exported.mounts, dict(exported.log)
    return Instance(
        name=name,
        image=exported.image,
        user=exported.user,
        environment={**program.environment, **program.secrets},
        labels={},
        command=program.command,
        binds=tuple(_binds(exported)),
        volumes=tuple(
            (mount.source, mount.path) for mount in mounts if mount.kind is MountKind.VOLUME
        ),
        scratch={mount.path: mount.size for mount in mounts if mount.kind is MountKind.SCRATCH},
        **granted(exported.privileges),
        limits=exported.limits,
        stop_grace=exported.container.stop_grace,
        security=exported.security,
        log_driver=options.pop("driver"),
        log_options=options,
        secrets=frozenset(program.secrets),
    )


def _binds(exported: Exported) -> Iterator[tuple[str, str, str]]:
    folder = f"./{_folder(exported)}"
    yield f"{folder}/own", OWN, "ro"
    for file in exported.files:
        yield f"{folder}/files{file.path}", file.path, "ro"
    for mount in exported.mounts:
        if mount.kind in (MountKind.VOLUME, MountKind.SCRATCH):
            continue
        if mount.optional and not pathlib.Path(mount.source).exists():
            continue  # it is for this host
        access = "ro" if mount.read_only else "rw"
        yield mount.source, mount.path, f"{access},{mount.propagation}"


def _folder(exported: Exported) -> str:
    return f"containers/{exported.container.name}"


def _health(exported: Exported) -> dict:
    check = exported.check
    return {
        # compose knows no "degraded": it counts as healthy.
        "test": ["CMD", "sh", "-c", f'"$@" || [ $? = {STRAINED} ]', "sh", *check.command],
        "interval": f"{min(check.interval, INTERVAL)}s",
        "timeout": f"{check.timeout}s", "retries": check.retries,
        "start_period": f"{check.grace}s",
    }


def _depends_on(needs: dict[str, str]) -> dict:
    conditions = {name: {"condition": needs[name]} for name in sorted(needs)}
    return {"depends_on": conditions} if conditions else {}
