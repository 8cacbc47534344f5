"""Which command is meant: by its exact name, never by a part of it."""

import inspect
import itertools

from cliff import commandmanager

from kolla import discovery
from kolla.errors import UsageError
from kolla.names import nearest


class CommandManager(commandmanager.CommandManager):
    """The commands of the entry points ``kolla.cli``.

    A command abbreviated today could mean another one tomorrow, once a plugin adds it.
    """

    def load_commands(self, namespace: str) -> None:
        self.group_list.append(namespace)
        plugins, self.errors = discovery.load(namespace)
        for plugin in plugins:
            self.add_command(plugin.name, plugin.thing)

    def find_command(self, argv: list[str]):
        """The command class, its name and the arguments left; raises UsageError."""
        words = list(itertools.takewhile(lambda word: not word.startswith("-"), argv))
        for count in range(len(words), 0, -1):
            name = " ".join(words[:count])
            if name in self.commands:
                return self.commands[name].load(), name, argv[count:]
        raise self._unknown(words)

    def summaries(self, noun: str = "") -> dict[str, str]:
        """The commands that begin with this word (or all), with the first line of their help."""
        return {
            name: _summary(entry_point.load())
            for name, entry_point in sorted(self)
            if not noun or name.split()[0] == noun
        }

    def _unknown(self, words: list[str]) -> UsageError:
        if not words:
            return UsageError("no command is given", "`kolla --help` lists all commands")
        verbs = [name.partition(" ")[2] for name in self.commands if name.split()[0] == words[0]]
        if verbs and len(words) == 1:
            return UsageError(
                f"`kolla {words[0]}` needs a further word",
                f"one of: {', '.join(sorted(verbs))}",
            )
        typed = " ".join(words[:2])
        return UsageError(
            f"there is no command {typed!r}{nearest(typed, self.commands)}",
            "`kolla --help` lists all commands",
        )


def _summary(command) -> str:
    text = getattr(command, "_description", "") or inspect.getdoc(command) or ""
    return text.partition("\n")[0].rstrip(".")
