"""The compose file of a host, written anew whenever what counts has changed.

Each generation that compose has made has a file with its service in its own folder. Which of
them belong into the file that people read, and as what, is in ``services.json`` beside it.
"""

import contextlib
import dataclasses
import datetime
import json
import logging
import pathlib
from collections.abc import Callable, Iterable

from kolla.compose import document
from kolla.compose.document import Entry
from kolla.compose.service import unescaped
from kolla.errors import KollaError
from kolla.files import locked, write_whole
from kolla.store.state_dir import StateDir

LOG = logging.getLogger(__name__)

#: States of a generation in the file. All but current ones are in a profile of that name.
CURRENT, STOPPED, KEPT = "current", "stopped", "kept"
#: The file of a generation.
SERVICE = "compose.json"
#: The part of it that kolla reads and compose ignores.
FACTS = "x-kolla"

ABOUT = """\
What kolla runs on {host}, as compose sees it. kolla writes this file: change
kolla.conf instead, `kolla plan` and `kolla set upgrade`. What is edited here is put aside
and reported. In this folder, `ps`, `logs` and `config` of compose may be used on it, and
`up` starts what should run and does not. Upgrades and rollbacks are kolla's: compose stops
a service before it has another one.

A service that is not current is in the profile kept or stopped, and not started.
Secrets are in env files that only root can read."""


class Project:
    """The folder ``compose`` of the state directory."""

    def __init__(self, state_dir: pathlib.Path, name: str, host: str):
        self._state_dir = StateDir(state_dir)
        self.folder = self._state_dir.compose
        self.name, self.host = name, host
        self.file = self.folder / "compose.yaml"
        self._states = self.folder / "services.json"
        self._told = False

    def place(self, name: str) -> pathlib.Path:
        """The folder of a generation, by its name on the engine."""
        container, _, generation = name.rpartition("-g")
        return self._state_dir.generation(container, generation)

    def keep(self, name: str, state: str) -> None:
        """Put a generation into the file; if it is current, the others of its container become
        kept ones. A generation that compose has not made is ignored.
        """
        def change(states: dict[str, str]) -> None:
            for other in states if state == CURRENT else ():
                if self.place(other).parent == self.place(name).parent:
                    states[other] = KEPT
            states[name] = state

        self._change(name, change)

    def drop(self, name: str) -> None:
        """Take it out of the file."""
        self._change(name, lambda states: states.pop(name, None))

    def edited(self) -> bool:
        """Whether the file was edited by hand."""
        try:
            return not document.untouched(self.file.read_text())
        except FileNotFoundError:
            return False
        except (OSError, UnicodeDecodeError):
            return True

    def notice(self) -> None:
        """Report an edited file, once."""
        if not self._told and self.edited():
            self._told = True
            LOG.warning(
                "%s was edited by hand, which changes nothing that kolla runs; kolla writes it"
                " anew with the next change and keeps yours beside it", self.file,
            )

    def _change(self, name: str, change: Callable[[dict[str, str]], object]) -> None:
        """Change the states and write both files, each of which is whole at any time.

        What compose has made is read once: the folder of a generation may vanish at any time.
        """
        with locked(self.folder / "lock"):
            before = self._read()
            entries = self._entries({*before, name})
            states = {each: state for each, state in before.items() if each in entries}
            if name in entries:
                change(states)
            if states != before:
                write_whole(self._states, json.dumps(states, indent=1, sort_keys=True).encode())
            elif self._is_written(name):  # to render a whole host takes a fifth of a second
                return
            self._save([_in_state(entries[each], state) for each, state in states.items()])

    def _is_written(self, name: str) -> bool:
        """Whether the file has the states, and what compose has made of this generation."""
        try:
            written = self.file.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        for source in (self._states, self.place(name) / SERVICE):
            with contextlib.suppress(FileNotFoundError):
                if source.stat().st_mtime_ns > written:
                    return False
        return not self.edited()

    def _save(self, entries: list[Entry]) -> None:
        text = document.render(entries, ABOUT.format(host=self.host))
        if self.file.exists() and not self.edited() and self.file.read_text() == text:
            return
        if not self.file.exists() and not entries:
            return
        if self.edited():
            aside = self._put_aside(self.file)
            self._told = True
            LOG.warning("%s was edited by hand: that is now %s, and it is written anew",
                        self.file, aside)
        self._name_project()
        write_whole(self.file, text.encode(), 0o644)

    def _name_project(self) -> None:
        """Name the project in ``.env`` for operators who use compose in this folder.

        docker-compose 1.29 reads no name from the compose file. Other lines of ``.env`` stay.
        """
        path, name = self.folder / ".env", f"COMPOSE_PROJECT_NAME={self.name}\n".encode()
        before = path.read_bytes() if path.exists() else b""
        others = [line for line in before.splitlines(keepends=True)
                  if not line.startswith(b"COMPOSE_PROJECT_NAME=")]
        text = name + b"".join(others)
        if text != before:
            write_whole(path, text, 0o644)

    def _put_aside(self, path: pathlib.Path) -> pathlib.Path:
        at = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%f")
        aside = path.with_name(f"{path.stem}.edited-{at}{path.suffix}")
        try:
            return path.rename(aside)
        except OSError as error:
            raise KollaError(f"{path} cannot be put aside: {error.strerror}") from None

    def _entries(self, names: Iterable[str]) -> dict[str, Entry]:
        """By name: what compose has made; left out if the folder has gone."""
        found = {}
        for name in names:
            path = self.place(name) / SERVICE
            try:
                found[name] = _entry(name, json.loads(path.read_text()))
            except FileNotFoundError:
                pass
            except (OSError, ValueError, TypeError, LookupError):
                LOG.warning("%s cannot be read: %s is left out of %s", path, name, self.file)
        return found

    def _read(self) -> dict[str, str]:
        try:
            states = json.loads(self._states.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            states = None
        if not isinstance(states, dict):
            LOG.warning(
                "%s cannot be read: that is now %s; what runs goes on, and comes back into %s"
                " with its next change", self._states, self._put_aside(self._states), self.file,
            )
            return {}
        return {name: state for name, state in states.items()
                if state in (CURRENT, STOPPED, KEPT)}


def _entry(name: str, made: dict) -> Entry:
    facts = unescaped(made[FACTS])
    return Entry(
        name, dict(made["services"][name]), tuple(facts["path"]), int(facts["generation"]),
        tuple(facts["comments"]),
    )


def _in_state(entry: Entry, state: str) -> Entry:
    """A generation as the file shows it."""
    profile: dict[str, list[str]] = {} if state == CURRENT else {"profiles": [state]}
    return dataclasses.replace(
        entry, service={**profile, **entry.service},
        comments=(*entry.comments, f"generation {entry.order}, {state}"),
    )
