"""Fills in missing secrets in ``kolla.conf.d/passwords.conf``, mode 0600."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from kolla.errors import KollaError
from kolla.files import locked, write_whole
from kolla.plugin.declarations.hosts import EachHost
from kolla.plugin.forms import SecretType
from kolla.settings.handout import secrets_of
from kolla.settings.loader import Settings
from kolla.settings.option_values import split
from kolla.settings.problems import Invalid
from kolla.settings.sources import SourceFile, normal_group

#: An option of kolla or of a plugin: its group and its name.
Name = tuple[str, str]
_HEADER = """\
# Secrets that `kolla config passwords` made up. It fills in what is missing and never
# replaces anything: change or add what you like. Nobody else may read this file.
"""


def path_in(config_dir: Path) -> Path:
    return config_dir / "kolla.conf.d" / "passwords.conf"


def missing(settings: Settings) -> list[Name]:
    """Secrets of containers enabled here that kolla can generate and that have no value.

    KollaError if a file other than passwords.conf sets one of them to nothing.
    """
    return [name for name in _without_value(settings) if _can_be_made(settings, name)]


def to_be_brought(settings: Settings) -> list[Name]:
    """Secrets without a value that only an operator can provide."""
    own = [name for name in _without_value(settings) if not _can_be_made(settings, name)]
    return sorted({*own, *_from_elsewhere(settings)})


def _from_elsewhere(settings: Settings) -> Iterator[Name]:
    """Secrets of containers of other hosts that containers here refer to, without a value."""
    here = set(_without_value(settings))
    referred = {name for container in settings.enabled()
                for name in secrets_of(settings, container)}
    for name in {inside for name in referred for inside in settings.secrets.behind(name)}:
        option = settings.option(*split(name))
        parts = settings.references(option.text) if isinstance(option, EachHost) else [name]
        if option.default is None and not settings.value(*split(name)):
            if not here & set(map(split, parts)):
                yield split(name)


def fill_in(settings: Settings, found: Mapping[Name, str] | None = None) -> list[Name]:
    """Write all missing secrets, or none; returns those that were filled in.

    ``found`` holds existing values; all others are generated.
    """
    def wanted(file: SourceFile | None) -> dict[Name, str]:
        # Another command may have filled them in since the settings were read.
        return {
            name: (found or {}).get(name) or made_up(settings, name)
            for name in missing(settings) if not _is_set(file, *name)
        }

    return list(_rewrite(settings, wanted))


def replace(settings: Settings, new: Mapping[Name, str]) -> None:
    """Replace the values of secrets in the file, all or none."""
    _rewrite(settings, lambda file: new)


def _rewrite(
    settings: Settings, wanted: Callable[[SourceFile | None], Mapping[Name, str]]
) -> Mapping[Name, str]:
    path = path_in(settings.config_dir)
    make_folder(path.parent)
    with locked(path.parent):
        file = SourceFile(path) if path.exists() else None
        if file and file.problems:
            raise Invalid(file.problems)
        values = wanted(file)
        if values:
            text = path.read_text(encoding="utf-8") if file else _HEADER
            write_whole(path.resolve(), _with_secrets(text, file, values).encode())
    return values


def _without_value(settings: Settings) -> list[Name]:
    """Secret options of containers enabled here that no file sets and that have no default."""
    path = path_in(settings.config_dir)
    wanted = []
    for group, name in _required(settings):
        origin = settings.origin(group, name)
        if origin and not origin.text and origin.source != str(path):
            raise KollaError(f"{origin}: [{group}] {name} is set to nothing", "remove the line")
        if not origin or not origin.text:
            wanted.append((group, name))
    return wanted


def _required(settings: Settings) -> list[Name]:
    return sorted({
        (group, opt.dest)
        for container in settings.enabled()
        for group, opts in container.options.items()
        for opt in opts
        if opt.secret and opt.default is None and not isinstance(opt, EachHost)
    })


def made_up(settings: Settings, name: Name) -> str:
    """A generated value for a secret."""
    group, option = name
    kind = settings.options[group][option].type
    if not isinstance(kind, SecretType):
        raise TypeError(f"[{group}] {option} is no secret that can be made up")
    return kind.make()


def _can_be_made(settings: Settings, name: Name) -> bool:
    group, option = name
    kind = settings.options[group][option].type
    return isinstance(kind, SecretType) and kind.can_be_made


def _is_set(file: SourceFile | None, group: str, option: str) -> bool:
    origin = file.find(group, option) if file else None
    return bool(origin and origin.text)


def _with_secrets(text: str, file: SourceFile | None, values: Mapping[Name, str]) -> str:
    """The text with these values replaced, or added at the end of their sections."""
    lines = text.rstrip("\n").split("\n")
    new: dict[str, list[str]] = {}
    for (group, option), value in values.items():
        # Continuation lines are indented.
        assignment = f"{option} = {value}".replace("\n", "\n    ")
        known = file.find(group, option) if file else None
        if known and known.line:
            lines[known.line - 1] = assignment
        else:
            new.setdefault(group, []).append(assignment)
    # From the bottom up, so that the line numbers above stay valid.
    for group, line in reversed(_section_ends(file, lines)):
        lines[line:line] = new.pop(group, [])
    for group, assignments in new.items():
        lines += ["", f"[{group}]", *assignments]
    return "\n".join(lines) + "\n"


def _section_ends(file: SourceFile | None, lines: list[str]) -> list[tuple[str, int]]:
    """The last line of each section that is not blank; a repeated section counts once."""
    starts = file.sections if file else []
    nexts = [line - 1 for _, line in starts[1:]] + [len(lines)]
    ends = {}
    for (section, start), end in zip(starts, nexts):
        while end > start and not lines[end - 1].strip():
            end -= 1
        ends[normal_group(section)] = end
    return sorted(ends.items(), key=lambda item: item[1])


def make_folder(folder: Path) -> None:
    """Make a folder for the configuration. KollaError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KollaError(
            f"{folder} cannot be made: {error.strerror}", "is the disk full? else run this as root"
        ) from None
