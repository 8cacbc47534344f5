"""``kolla image …``: the images that containers run, and their bases."""

import dataclasses
import json
import logging
import pathlib
import shutil
import textwrap
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kolla.cli.base import Command, Configuration, Lister, Table, wrapped
from kolla.cli.confirm import confirm
from kolla.cli.parser import Parser, completed
from kolla.cli.progress import progress
from kolla.cli.values import Age, ImageId, Lines, Size, Text
from kolla.errors import KollaError, said
from kolla.images.built import Outcome

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog
    from kolla.cli.progress import Observer
    from kolla.images.built import Built
    from kolla.images.inventory import Entry
    from kolla.plugin import Image

LOG = logging.getLogger(__name__)

#: How many lines of the log of a failed build are printed.
TAIL = 20


class Build(Lister):
    """Build images whose inputs changed

    Parents first, several at a time. Without a name: the images of all containers that are
    enabled on this host. An image is built if a file of its folder, a build argument or one of
    its bases has changed. A failure does not stop the other builds. The output of a build is in
    its log file.
    """

    example = ("kolla image build\n"
               "kolla image build keystone --release 2026.2 --summary /tmp/built.json")
    configuration = Configuration.TODAYS
    columns = ("image", "release", "result", "size", "seconds", "log", "reason")
    brief = ("image", "release", "result", "size", "seconds")
    prose = "reason"
    nothing = "no image to build: no container is enabled on this host"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument(
            "names", metavar="NAME", nargs="*", help="an image, which is built with its parents"
        ), "images")
        completed(parser.add_argument(
            "--release", metavar="RELEASE", help="OpenStack release (default: from kolla.conf)"
        ), "releases")
        parser.add_argument(
            "--no-cache", action="store_true",
            help="build the named images (or all) afresh, from the first line of their Dockerfile",
        )
        parser.add_argument(
            "--refresh-base", action="store_true",
            help="make Debian, which all images are built on, afresh: with its latest packages",
        )
        parser.add_argument(
            "--summary", metavar="FILE", type=pathlib.Path,
            help="file to which the result is written as JSON",
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.images import builder

        deployment = self.app.deployment
        with progress(self.app) as show:
            self._results = builder.build(
                deployment, parsed_args.names,
                parsed_args.release or deployment.settings.value("DEFAULT", "release"),
                _observer(show, self.app.stderr.isatty()),
                no_cache=parsed_args.no_cache, refresh_base=parsed_args.refresh_base,
            )
        if parsed_args.summary:
            _write_summary(parsed_args.summary, self._results)
        self.exit_code = 0 if all(built.usable for built in self._results) else 1
        return self.columns, [
            (built.image, built.release, built.outcome, Size(built.size), built.seconds,
             built.log, built.reason)
            for built in self._results
        ]

    def produce_output(
        self, parsed_args: Namespace, column_names: Sequence[str], data: Iterable[Sequence[Any]]
    ) -> int:
        super().produce_output(parsed_args, column_names, data)
        self.app.stdout.flush()
        for built in self._results:
            if built.outcome == Outcome.FAILED:
                self._explain(built)
        return 0

    def _explain(self, built: "Built") -> None:
        print(f"kolla: {built.image} was not built: {built.reason}", file=self.app.stderr)
        if built.log:
            lines = pathlib.Path(built.log).read_text(errors="replace").splitlines()[-TAIL:]
            print(textwrap.indent("\n".join(lines), "  "), file=self.app.stderr)
            print(f"  the whole log: {built.log}", file=self.app.stderr)


class List(Lister):
    """List images: built, missing or outdated

    `kolla image build` would rebuild an outdated image; no plugin here declares a left-over
    one any more. The size of an image includes the layers of its parents. The column packages
    has the age of its Debian packages.
    """

    example = "kolla image list\nkolla image list -f value -c name -c state"
    columns = ("name", "release", "version", "size", "created", "packages", "state", "containers")
    brief = ("name", "release", "version", "size", "packages", "state")
    nothing = "no image is declared"

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.images.inventory import Inventory

        return self.columns, [_row(entry) for entry in Inventory(self.app.deployment).entries()]


class Tree(Lister):
    """Show which image is built on which

    And which containers run them. With -f json, yaml, csv or value it is a list, each row with
    its depth and path.
    """

    example = "kolla image tree"
    columns = ("name", "parent", "builder", "depth", "path", "per_release", "containers")

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.catalog.naming import ROOT
        from kolla.cli.tree import drawing

        twigs = list(_twigs(self.app.deployment.installed))
        self.text = drawing(twigs, ROOT, self.app.stdout)
        return self.columns, [
            (twig.path[-1], twig.path[-2] if len(twig.path) > 1 else ROOT,
             Text(twig.image.builder), len(twig.path),
             "/".join((ROOT, *twig.path)), Text(twig.image.per_release), Lines(twig.containers))
            for twig in twigs
        ]


class Sbom(Command):
    """Print the bill of materials of an image

    That is its packages with their versions, in CycloneDX's JSON, which scanners for known
    vulnerabilities read.
    """

    example = "kolla image sbom keystone\nkolla image sbom keystone --release 2026.2 > bom.json"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument("name", metavar="NAME", help="an image"), "images")
        completed(parser.add_argument(
            "--release", metavar="RELEASE", help="OpenStack release (default: from kolla.conf)"
        ), "releases")
        return parser

    def take_action(self, parsed_args: Namespace) -> int | None:
        from kolla.images import sbom

        self.app.stdout.write(
            sbom.of_image(self.app.deployment, parsed_args.name, parsed_args.release)
        )
        return 0


class Prune(Lister):
    """Remove images that nothing needs any more

    It keeps all images of the configured release, images that pins name, and images that a
    generation runs or a rollback would return to.
    """

    example = "kolla image prune --dry-run\nkolla image prune --yes"
    configuration = Configuration.TODAYS
    columns = ("tag", "id", "size", "reason", "result")
    brief = ("tag", "size", "result")
    prose = "reason"
    nothing = "nothing to remove"

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_dry_run("print what would be removed, touch nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        return parser

    def take_action(self, parsed_args: Namespace) -> Table:
        from kolla.images import prune

        deployment = self.app.deployment
        removals = prune.plan(deployment)
        if removals and not (parsed_args.yes or parsed_args.dry_run):
            confirm(
                self.app, f"remove {len(removals)} images", "nothing was removed",
                "`kolla image prune --dry-run` lists them",
            )
        if parsed_args.dry_run:
            results = dict.fromkeys(removals, "to be removed")
        else:
            results = prune.remove(deployment, removals, tell=LOG.warning)
        self.exit_code = 1 if any(text.startswith("failed") for text in results.values()) else 0
        return self.columns, [
            (Text(removal.tag), ImageId(removal.image_id), Size(removal.size), removal.reason,
             text)
            for removal, text in results.items()
        ]

    def below(self, names: Sequence[str], rows: list[Sequence[Any]]) -> list[str]:
        """Each reason once, and the images that it holds for."""
        lines: list[str] = []
        for reason in dict.fromkeys(row[3] for row in rows):
            tags = [row[0].machine_readable() for row in rows if row[3] == reason]
            told = [tag for tag in tags if tag]
            if nameless := len(tags) - len(told):
                told.append(f"{nameless} without a tag")
            lines += wrapped(reason, ", ".join(told))
        return lines


@dataclasses.dataclass(frozen=True)
class _Twig:
    """An image at its place in the tree."""

    image: "Image"
    path: tuple[str, ...]
    containers: list[str]

    def text(self) -> str:
        users = f"  ({', '.join(self.containers)})" if self.containers else ""
        return f"{self.image.name}{users}"


def _twigs(catalog: "Catalog") -> Iterator[_Twig]:
    from kolla.images import graph

    def below(name: str, path: tuple[str, ...]) -> Iterator[_Twig]:
        for image in catalog.images.values():
            if graph.parent(image) == name:
                users = [c.name for c in catalog.containers.values() if c.image == image]
                yield _Twig(image, (*path, image.name), users)
                yield from below(image.name, (*path, image.name))

    roots = graph.roots(catalog.images.values())
    return (twig for root in roots for twig in below(root, ()))


def _row(entry: "Entry") -> tuple[Any, ...]:
    from kolla.images import labels

    known = entry.facts.labels if entry.facts else {}
    return (
        entry.name, entry.release, Text(known.get(labels.VERSION)),
        Size(entry.facts.size if entry.facts else None), Age(known.get(labels.CREATED)),
        Age(labels.refreshed(known)),
        entry.state, Lines(list(entry.used_by)),
    )


def _observer(show: "Observer", live: bool) -> "Callable[[str, str, str], None]":
    """Passes the builder's reports to :func:`progress`; lines of logs only on a terminal."""
    width = max(20, shutil.get_terminal_size().columns - 50)

    def observe(name: str, state: str, text: str) -> None:
        done = state not in ("waiting", "building")
        if live:
            show(name, f"{state:9} {text}"[:width], done)
        elif done or text:
            show(name, f"{state}: {text}" if text and state != "building" else state, done)

    return observe


def _write_summary(path: pathlib.Path, results: list) -> None:
    images = [dataclasses.asdict(built) for built in results]
    summary = {"ok": all(built.usable for built in results), "images": images}
    try:
        path.write_text(json.dumps(summary, indent=2) + "\n")
    except OSError as error:
        raise KollaError(f"the summary cannot be written: {said(error)}") from None
