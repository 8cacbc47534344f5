"""Finds commands by their exact name, never by a part of it."""

import inspect
import itertools
from typing import Any

from cliff import commandmanager

from kolla.catalog import discovery
from kolla.cli.hints import hint
from kolla.errors import KollaError, UsageError


class CommandManager(commandmanager.CommandManager):
    """The commands of the entry points ``kolla.cli``.

    An abbreviation could mean another command once a plugin adds it.
    """

    def load_commands(self, namespace: str) -> None:
        # stevedore would import the modules of all commands.
        self.group_list.append(namespace)
        for entry_point in discovery.entry_points(namespace):
            self.commands[entry_point.name] = entry_point

    def find_command(self, argv: list[str]) -> tuple[Any, str, list[str]]:
        """The command class, its name and the remaining arguments.

        Raises UsageError if there is none, KollaError if its plugin cannot be imported.
        """
        words = list(itertools.takewhile(lambda word: not word.startswith("-"), argv))
        for count in range(len(words), 0, -1):
            name = " ".join(words[:count])
            if name in self.commands:
                return self._load(name), name, argv[count:]
        raise self._unknown(words)

    def summaries(self, noun: str = "") -> dict[str, str]:
        """The commands that begin with this word (or all), with the first line of their help."""
        return {
            name: self._summary(name)
            for name in sorted(self.commands) if not noun or name.split()[0] == noun
        }

    def _load(self, name: str) -> Any:
        entry_point: Any = self.commands[name]
        try:
            return entry_point.load()
        except Exception as error:  # third-party code may raise anything
            raise KollaError(
                f"the command {name!r} cannot be imported from {entry_point.value}: {error}",
                f"it comes with the distribution {discovery.distribution_of(entry_point)!r}",
            ) from error

    def _summary(self, name: str) -> str:
        try:
            command = self._load(name)
        except KollaError as error:
            return f"({error.message})"
        text = getattr(command, "_description", "") or inspect.getdoc(command) or ""
        return text.partition("\n")[0].rstrip(".")

    def _unknown(self, words: list[str]) -> UsageError:
        if not words:
            return UsageError("no command is given", "`kolla --help` lists all commands")
        verbs = [name.partition(" ")[2] for name in self.commands if name.split()[0] == words[0]]
        if verbs and len(words) == 1:
            return UsageError(
                f"`kolla {words[0]}` is not a whole command",
                f"choose a subcommand: {', '.join(sorted(verbs))}",
            )
        meant = hint(words, self.commands)
        typed = " ".join(words[:2])
        return UsageError(
            f"there is no command {typed!r}" + (f"; did you mean `{meant}`?" if meant else ""),
            "`kolla --help` lists all commands",
        )
