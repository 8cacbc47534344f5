"""Fills in secrets that are missing: ``kolla.conf.d/passwords.conf``, mode 0600."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from oslo_config import cfg

from kolla.errors import KollaError
from kolla.files import locked, write_whole
from kolla.settings import values
from kolla.settings.loader import Settings
from kolla.settings.problems import Invalid
from kolla.settings.sources import SourceFile, normal_group

_BYTES = 20
_HEADER = """\
# Secrets that `kolla config passwords` made up. It fills in what is missing and never
# replaces anything: change or add what you like. Nobody else may read this file.
"""


def path_in(config_dir: Path) -> Path:
    return config_dir / "kolla.conf.d" / "passwords.conf"


def missing(settings: Settings) -> list[tuple[str, str]]:
    """Secret options without a value and without a default, of containers enabled here.

    KollaError if another file than that of the secrets sets one of them to nothing.
    """
    path = path_in(settings.config_dir)
    wanted = []
    for group, opt in _generatable(settings):
        origin = settings.origin(group, opt.dest)
        if origin and not origin.text and origin.source != str(path):
            raise KollaError(
                f"{origin}: [{group}] {opt.dest} is set to nothing", "remove the line"
            )
        if not origin or not origin.text:
            wanted.append((group, opt.dest))
    return wanted


def fill_in(settings: Settings) -> list[tuple[str, str]]:
    """Make up what is missing and write it, all or nothing; returns what was filled in."""
    path = path_in(settings.config_dir)
    make_folder(path.parent)
    with locked(path.parent):
        found = SourceFile(path) if path.exists() else None
        if found and found.problems:
            raise Invalid(found.problems)
        # Somebody may have filled them in since the settings were read.
        wanted = [name for name in missing(settings) if not _is_set(found, *name)]
        if wanted:
            text = path.read_text(encoding="utf-8") if found else _HEADER
            write_whole(path.resolve(), _with_secrets(text, found, wanted).encode())
    return wanted


def _generatable(settings: Settings) -> Iterator[tuple[str, cfg.Opt]]:
    sample = secrets.token_hex(_BYTES)
    found = {
        (group, opt.dest): opt
        for container in settings.enabled()
        for group, opts in container.options.items()
        for opt in opts
        if opt.secret and opt.default is None and not opt.multi and not values.flaw(opt, sample)
    }
    for group, name in sorted(found):
        yield group, found[group, name]


def _is_set(file: SourceFile | None, group: str, option: str) -> bool:
    origin = file.find(group, option) if file else None
    return bool(origin and origin.text)


def _with_secrets(text: str, file: SourceFile | None, wanted: list[tuple[str, str]]) -> str:
    """The text with new lines at the end of their sections, or in place of empty ones."""
    lines = text.rstrip("\n").split("\n")
    new: dict[str, list[str]] = {}
    for group, option in wanted:
        assignment = f"{option} = {secrets.token_hex(_BYTES)}"
        empty = file.find(group, option) if file else None
        if empty:
            lines[empty.line - 1] = assignment
        else:
            new.setdefault(group, []).append(assignment)
    # From the bottom up, so that the numbers of the lines above stay right.
    for group, line in reversed(_section_ends(file, lines)):
        lines[line:line] = new.pop(group, [])
    for group, assignments in new.items():
        lines += ["", f"[{group}]", *assignments]
    return "\n".join(lines) + "\n"


def _section_ends(file: SourceFile | None, lines: list[str]) -> list[tuple[str, int]]:
    """The last line that is not blank of every section, a repeated one only once."""
    starts = file.sections if file else []
    nexts = [line - 1 for _, line in starts[1:]] + [len(lines)]
    ends = {}
    for (section, start), end in zip(starts, nexts):
        while end > start and not lines[end - 1].strip():
            end -= 1
        ends[normal_group(section)] = end
    return sorted(ends.items(), key=lambda item: item[1])


def make_folder(folder: Path) -> None:
    """Make a folder of the configuration. KollaError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KollaError(
            f"{folder} cannot be made: {error.strerror}", "is the disk full? else run this as root"
        ) from None
