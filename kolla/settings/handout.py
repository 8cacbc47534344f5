"""Writes what one host needs of the configuration: ``kolla config export``."""

import dataclasses
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from kolla.errors import KollaError, UsageError
from kolla.files import remove_folder, write_whole
from kolla.plugin import Container
from kolla.plugin.declarations.container import PHASES
from kolla.plugin.declarations.hosts import EachHost
from kolla.settings import services, sources
from kolla.settings.cloud import file_options, made
from kolla.settings.loader import Settings
from kolla.settings.option_values import split
from kolla.settings.sources import Origin, SourceFile, assignment, normal_group


@dataclasses.dataclass(frozen=True)
class Handout:
    """What the files for a host are made of."""

    #: Below the folder of the configuration: the content of each file.
    files: dict[Path, bytes]
    #: Secrets that are set here and that no container of the host refers to.
    left_out: tuple[str, ...]
    #: Files outside of the folder, or missing, that the host needs as well.
    to_bring: tuple[Path, ...]


def make(settings: Settings) -> Handout:
    """The handout for the host of these settings. Raises :class:`kolla.settings.Invalid`."""
    settings.require_correct()
    chooser = _Chooser(settings)
    files = {
        file.path.relative_to(settings.config_dir): chooser.text(file).encode()
        for file in _all_files(settings)
    }
    to_bring = []
    for path in _named_files(settings):
        if path.is_file() and path.is_relative_to(settings.config_dir):
            files[path.relative_to(settings.config_dir)] = _read(path)
        else:
            to_bring.append(path)
    return Handout(files, tuple(sorted(chooser.left_out)), tuple(to_bring))


def write(handout: Handout, output: Path) -> None:
    """Write the files, all or none, for their owner alone.

    :class:`UsageError` if the folder has something in it, or others can look into it.
    """
    output = output.absolute()
    _require_private(output)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}-"))
    except OSError as error:
        raise KollaError(f"{output} cannot be made: {error.strerror}") from None
    try:
        for path, content in handout.files.items():
            for folder in reversed(path.parents[:-1]):
                (draft / folder).mkdir(mode=0o700, exist_ok=True)
            write_whole(draft / path, content)
        os.rename(draft, output)
    except BaseException:
        remove_folder(draft)
        raise


def _require_private(output: Path) -> None:
    advice = "name a folder that does not exist yet"
    if not (output.exists() or output.is_symlink()):
        return
    if output.is_symlink() or not output.is_dir():
        raise UsageError(f"{output} is no folder", advice)
    found = output.stat()
    if found.st_mode & 0o077 or found.st_uid != os.geteuid():
        raise UsageError(f"{output} is not its owner's alone: secrets would be read there", advice)
    if any(output.iterdir()):
        raise UsageError(f"{output} is not empty", advice)


def secrets_of(settings: Settings, container: Container) -> set[str]:
    """The secrets that a container refers to on the host of these settings."""
    tasks = [
        task for phase in PHASES for task in getattr(container, phase)
        if not task.first or settings.hosts.is_first(container, settings)
    ]
    texts = [
        *(made(settings, container, file) for file in container.files),
        *(text for task in tasks for text in task.environment.values()),
        *(f"${{{ring.option}}}" for ring in container.keyrings),
    ]
    rendered = [*settings.environment(container).values(), *map(settings.render, texts)]
    return {name for text in rendered for name in settings.references(text)}


def _described(settings: Settings, name: str) -> list[str]:
    """The secrets that an option takes in of each host."""
    group, option = split(name)
    opt = settings.option(group, option) if settings.has(group, option) else None
    return settings.references(opt.text) if isinstance(opt, EachHost) else []


class _Chooser:
    """Leaves secrets out that the containers of the host do not refer to."""

    def __init__(self, settings: Settings):
        self._settings = settings
        found = {name for container in settings.enabled()
                 for name in secrets_of(settings, container)}
        #: Secrets with which its containers find the other hosts.
        self._of_others = self._with_those_inside(
            inside for name in found for inside in _described(settings, name)
        )
        self._needed = self._with_those_inside(found) | self._of_others
        self.left_out: set[str] = set()

    def _with_those_inside(self, names: Iterable[str]) -> set[str]:
        return {inside for name in names
                for inside in (name, *self._settings.secrets.behind(name))}

    def text(self, file: SourceFile) -> str:
        """The assignments of a file, without its comments, in which an old secret may stand."""
        own = self._settings.config_dir / "hosts" / f"{self._settings.host}.conf"
        is_other = file.path.parent.name == "hosts" and file.path != own
        lines, section = [], None
        for item in file.assignments:
            if self._stays(item, is_other):
                lines += [f"\n[{item.group}]\n"] if item.group != section else []
                section = item.group
                lines.append(assignment(item.option, item.text))
        return "".join(lines).lstrip("\n")

    def _stays(self, item: Origin, is_other: bool) -> bool:
        name = self._secret(item)
        if name is None or name in (self._of_others if is_other else self._needed):
            return True
        self.left_out.add(name)
        return False

    def _secret(self, item: Origin) -> str | None:
        """The name of the secret that an assignment sets; None if it sets none."""
        owner, section = services.split(item.group)
        if section:
            hidden = self._settings.hides(owner, section, item.option, item.text)
            return services.reference(owner, section, item.option) if hidden else None
        names = self._settings.options_by_file_name.get(normal_group(item.group), {})
        if item.option not in names:  # of a plugin that is not installed any more
            return f"{item.group}.{item.option}"
        group, opt = names[item.option]
        return f"{group}.{opt.dest}" if opt.secret else None


def _all_files(settings: Settings) -> Iterator[SourceFile]:
    """The common files, and those of all hosts: a host finds the others by them."""
    yield from sources.read(sources.common_files(settings.config_dir))
    yield from sources.read(sorted((settings.config_dir / "hosts").glob("*.conf")))


def _named_files(settings: Settings) -> Iterator[Path]:
    """The files that options of the host's containers name."""
    paths = {settings.value(*split(name)) for name in file_options(settings)}
    yield from sorted(Path(path) for path in paths if path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KollaError(f"{path} cannot be read: {error.strerror}", "run this as root") from None
