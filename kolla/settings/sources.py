"""The sources of settings: the files with their lines, the environment, the command line.

oslo.config reads the same files, but does not know the lines.
"""

import codecs
import collections
import copy
import dataclasses
import functools
import itertools
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from oslo_config import cfg, iniparser

from kolla.errors import KollaError
from kolla.settings.problems import Problem

COMMAND_LINE = "command line"
ENVIRONMENT = "environment"


@dataclasses.dataclass(frozen=True)
class Origin:
    """A value as it is written. There are several ``values`` if the line is repeated."""

    group: str
    option: str
    values: tuple[str, ...]
    #: The file, "command line", or "environment" with the variable.
    source: str
    line: int | None = None

    @property
    def text(self) -> str:
        return self.values[-1]

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source

    def problem(self, message: str) -> Problem:
        return Problem(self.source, self.line, message)


class SourceFile(iniparser.BaseParser):
    """One configuration file: its sections and assignments with their lines.

    ``problems`` names lines that cannot be parsed, and they are ignored; so is everything from
    a malformed heading to the next heading. Raises :class:`KollaError` if reading the file is
    not permitted.
    """

    def __init__(self, path: Path):
        self.path = path
        self.problems: list[Problem] = []
        try:
            content = path.read_bytes()
        except PermissionError as error:
            raise _unreadable(path, error) from error
        except OSError as error:
            self.problems.append(Problem(str(path), None, f"cannot be read: {error.strerror}"))
            content = b""
        if content.startswith(codecs.BOM_UTF8):
            content = content.removeprefix(codecs.BOM_UTF8)
            self.problems.append(Problem(str(path), 1, "begins with a byte order mark, as editors"
                                         " of Windows write it: save it as UTF-8 without one"))
        # The blank line ends the last assignment like all others.
        lines = [*map(self._decoded, content.split(b"\n"), itertools.count(1)), ""]
        while not self._parsed(lines):
            pass

    def _decoded(self, line: bytes, number: int) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.problems.append(Problem(str(self.path), number, "is not UTF-8 text"))
            return ""

    def _parsed(self, lines: list[str]) -> bool:
        """Parse the lines; False if one had to be blanked first."""
        self.lineno = 0
        self.sections: list[tuple[str, int]] = []
        self.assignments: list[Origin] = []
        try:
            self.parse(lines)
        except iniparser.ParseError as error:
            # The line itself may hold a secret.
            self.problems.append(Problem(str(self.path), error.lineno, error.msg))
            _blank(lines, error.lineno - 1)
            return False
        return True

    def only(self, wanted: Callable[[Origin], bool]) -> "SourceFile":
        """The same file with some of its assignments."""
        part = copy.copy(self)
        part.assignments = [item for item in self.assignments if wanted(item)]
        return part

    def new_section(self, section: str) -> None:
        self.sections.append((section, self.lineno))

    def assignment(self, key: str, value: list[str]) -> None:
        line = self.lineno - len(value)
        if not self.sections:
            raise self.parse_exc("an option before the first [section]", line, "")
        section = self.sections[-1][0]
        self.assignments.append(Origin(section, key, ("\n".join(value),), str(self.path), line))

    @functools.cached_property
    def _by_name(self) -> dict[tuple[str, str], list[Origin]]:
        index = collections.defaultdict(list)
        for item in self.assignments:
            index[normal_group(item.group), item.option].append(item)
        return index

    def find(self, group: str, option: str) -> Origin | None:
        """All values of an option in this file, at the line of the last one."""
        found = self._by_name.get((normal_group(group), option))
        if not found:
            return None
        values = tuple(item.text for item in found)
        return dataclasses.replace(found[-1], values=values)


def _blank(lines: list[str], index: int) -> None:
    """Blank a line with its continuation lines; for a heading, its whole section."""
    heading = lines[index].startswith("[")
    lines[index] = ""
    for below in range(index + 1, len(lines)):
        if lines[below].startswith("[") or not (heading or lines[below].startswith((" ", "\t"))):
            break
        lines[below] = ""


@dataclasses.dataclass(frozen=True)
class Sources:
    """Everything that may set an option; of the ``files``, the last one wins."""

    files: list[SourceFile]
    overrides: Mapping[str, str]
    #: Stronger than ``files``. oslo.config must not read these itself: only a part of
    #: them counts.
    parts: list[SourceFile] = dataclasses.field(default_factory=list)
    #: Variables of the environment, which are those of this host.
    variables: Mapping[str, str] = dataclasses.field(default_factory=lambda: os.environ)

    def find(self, group: str, opt: cfg.Opt) -> Origin | None:
        """The assignment that sets this option; None if its default holds."""
        if (key := f"{group}.{opt.dest}") in self.overrides:
            return Origin(group, opt.dest, (self.overrides[key],), COMMAND_LINE)
        if (variable := variable_of(group, opt.dest)) in self.variables:
            value = self.variables[variable]
            return Origin(group, opt.dest, (value,), f"{ENVIRONMENT} {variable}")
        return self.find_in_files(group, opt)

    def find_in_files(self, group: str, opt: cfg.Opt) -> Origin | None:
        """The file that sets an option; None if none does."""
        for file in reversed([*self.files, *self.parts]):
            for name in names_of(group, opt):
                if found := file.find(*name):
                    return found
        return None

    def assignments(self) -> Iterator[Origin]:
        """Every assignment in every file."""
        for file in self.files:
            yield from file.assignments


def names_of(group: str, opt: cfg.Opt) -> list[tuple[str, str]]:
    """(group, option) under each name of an option in a file: its name and deprecated ones."""
    old = [(d.group or group, d.name or opt.dest) for d in opt.deprecated_opts]
    return [(group, opt.dest), *old]


def assignment(option: str, text: str) -> str:
    """A line of a file: the value in quotes, which keep its spaces; further lines are indented."""
    first, *others = text.split("\n")
    return "\n    ".join([f'{option} = "{first}"', *others]) + "\n"


def normal_group(name: str) -> str:
    """Normalize the name of a group: its case matters only for DEFAULT."""
    return name if name == "DEFAULT" else name.lower()


def variable_of(group: str, option: str) -> str:
    """The environment variable from which oslo.config reads an option."""
    return f"OS_{group.upper()}__{option.upper()}"


def common_files(config_dir: Path) -> list[Path]:
    """kolla.conf and kolla.conf.d/*.conf, in the order in which kolla reads them."""
    more = config_dir / "kolla.conf.d"
    try:
        names = sorted(os.listdir(more)) if more.exists() else []
    except OSError as error:
        raise _unreadable(more, error) from error
    found = [more / name for name in names if name.endswith(".conf")]
    return existing(config_dir / "kolla.conf") + found


def gather(
    options: Mapping[str, Mapping[str, cfg.Opt]], config_dir: Path, host: str | None,
    overrides: Mapping[str, str],
) -> tuple[str, Sources]:
    """The name of the host, and the readable files that can set its options."""
    found = Sources(read(common_files(config_dir)), overrides)
    if host is None:
        origin = found.find("host", options["host"]["name"])
        host = origin.text if origin else socket.gethostname()
    own = config_dir / "hosts" / f"{host}.conf"
    found.files.extend(read(existing(own)))
    return host, found


def existing(path: Path) -> list[Path]:
    """The file if it exists, or a link that should lead to it; KollaError if this user may not
    know.
    """
    try:
        return [path] if path.exists() or path.is_symlink() else []
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> KollaError:
    hint = "run it as root: `sudo kolla ...`" if isinstance(error, PermissionError) else ""
    return KollaError(f"cannot read {path}: {error.strerror}", hint)


def read(paths: Iterable[Path]) -> list[SourceFile]:
    """Parse the files."""
    return [SourceFile(path) for path in paths]
