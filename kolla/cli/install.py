"""``kolla host install``: what belongs outside kolla's own folder, for this host to use it."""

import dataclasses
import os
import pathlib
import sys
from argparse import Namespace
from collections.abc import Iterator

from kolla.cli import manpage
from kolla.cli.base import Lister, Table
from kolla.cli.parser import Parser
from kolla.cli.shells import SCRIPTS

#: What the units have for the program.
PROGRAM = "/opt/kolla/bin/kolla"
SHARE = "usr/local/share"
COMPLETIONS = {
    "bash": f"{SHARE}/bash-completion/completions/kolla",
    "zsh": f"{SHARE}/zsh/site-functions/_kolla",
    "fish": f"{SHARE}/fish/vendor_completions.d/kolla.fish",
}


@dataclasses.dataclass(frozen=True)
class File:
    """Something to put in place."""

    place: str
    text: str
    mode: int = 0o644
    #: Whether one that is there is an operator's, and stays.
    kept: bool = False

    def outcome(self, path: pathlib.Path) -> str:
        """What becomes of it: ``made``, ``replaced``, ``unchanged`` or ``kept``."""
        if path.is_symlink() and os.readlink(path) == os.devnull:
            return "kept"  # `systemctl mask`
        if not path.exists():
            return "made"
        if self.kept:
            return "kept"
        return "unchanged" if path.read_bytes() == self.text.encode() else "replaced"


class Install(Lister):
    """Put units, completion and the manual page in place

    For kolla that was installed with pip: the units, completion for bash, zsh and fish,
    kolla(1), and a kolla.conf to begin with where there is none. Starts nothing and touches no
    container. Run it again after an upgrade of kolla, then `systemctl daemon-reload`.
    """

    example = (
        "kolla host install --dry-run\nkolla host install\n"
        "systemctl enable --now kolla-prepare kolla-recover kolla-monitor"
    )
    columns = ("file", "outcome")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_dry_run("print what would be written and write nothing")
        parser.add_argument(
            "--root", metavar="DIR", type=pathlib.Path, default=pathlib.Path("/"),
            help="folder that stands for /, such as that of a package (default: /)",
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.files import write_whole

        rows = []
        program = os.path.join(sys.prefix, "bin", "kolla")
        for file in self._files(program):
            path = parsed_args.root / file.place
            # A link to the program does as well; below --root there may be neither.
            if program == f"/{file.place}" or (
                    os.path.realpath(path) == os.path.realpath(program)):
                continue
            outcome = file.outcome(path)
            if outcome in ("made", "replaced"):
                if parsed_args.dry_run:
                    outcome = f"to be {outcome}"
                else:
                    write_whole(path, file.text.encode(), file.mode)
            rows.append((f"/{file.place}", outcome))
        return self.columns, rows

    def _files(self, program: str) -> Iterator[File]:
        from kolla.plugin import shared_folder

        for unit in sorted(shared_folder("etc", "systemd").iterdir()):
            text = unit.read_text().replace(PROGRAM, program)
            yield File(f"etc/systemd/system/{unit.name}", text)
        yield from _completions()
        yield File(f"{SHARE}/man/man1/kolla.1", manpage.page(self.app))
        example = shared_folder("etc", "kolla", "kolla.conf").read_text()
        yield File("etc/kolla/kolla.conf", example, 0o640, kept=True)
        yield File("usr/local/bin/kolla", _START.format(program=program), 0o755)


_START = """\
#!/bin/sh
exec {program} "$@"
"""


def _completions() -> Iterator[File]:
    for shell, place in COMPLETIONS.items():
        yield File(place, SCRIPTS[shell])
