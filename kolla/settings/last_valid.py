"""The last valid configuration, kept in the state directory and used while today's is not valid.

The copy has the options of kolla and the plugins that files set, but no secrets. Secrets and
the options of services come from today's files as far as these can be read.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kolla.files import write_whole
from kolla.settings import services
from kolla.settings.loader import Settings
from kolla.settings.sources import (
    Origin, SourceFile, Sources, assignment, gather, names_of, normal_group,
)
from kolla.store.state_dir import StateDir

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog

_HEADER = """\
# The last configuration that kolla found valid, without secrets. kolla goes on with it while
# the one in /etc/kolla is not valid. Written by kolla: changes are lost.
"""


def keep(settings: Settings, state_dir: Path) -> None:
    """Write the copy if it differs. KollaError if it cannot be written."""
    path, text = StateDir(state_dir).last_valid, "".join(_lines(settings))
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode())


def load(
    catalog: "Catalog", config_dir: Path, host: str | None, overrides: Mapping[str, str]
) -> Settings | None:
    """The settings that were valid last; None if there is no copy for this host.

    Today's files name the state directory, as far as they can be read.
    """
    options = catalog.options
    _, today = gather(options, config_dir, host, overrides)
    option = options["DEFAULT"]["state_dir"]
    origin = today.find("DEFAULT", option)
    path = StateDir(Path(origin.text if origin else option.default)).last_valid
    if not path.exists():
        return None
    named = host
    if named is None and (origin := today.find("host", options["host"]["name"])):
        named = origin.text
    copy = SourceFile(path)
    name = copy.find("host", "name")
    if copy.problems or name is None or named not in (None, name.text):
        return None
    host, today = gather(options, config_dir, name.text, overrides)
    secret = {
        (normal_group(group), name) for own, opts in options.items() for opt in opts.values()
        if opt.secret for group, name in names_of(own, opt)
    }

    def is_taken(item: Origin) -> bool:
        section = services.split(item.group)[1]
        return bool(section) or (normal_group(item.group), item.option) in secret

    parts = [file.only(is_taken) for file in today.files]
    return Settings(catalog, config_dir, host, Sources([copy], overrides, parts))


def _lines(settings: Settings) -> Iterator[str]:
    yield _HEADER
    for group, opts in settings.options.items():
        yield f"\n[{group}]\n"
        for opt in opts.values():
            if (group, opt.dest) == ("host", "name"):
                yield assignment(opt.dest, settings.host)
            elif not opt.secret and (origin := settings.sources.find_in_files(group, opt)):
                yield from (assignment(opt.dest, text) for text in origin.values)
