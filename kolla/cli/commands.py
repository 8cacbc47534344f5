"""Which command is meant: by its exact name, never by a part of it."""

import difflib
import importlib.metadata
import inspect
import itertools

from cliff import commandmanager
from stevedore import ExtensionManager

from kolla.errors import UsageError


class CommandManager(commandmanager.CommandManager):
    """The commands of the entry points ``kolla.cli``.

    A command abbreviated today could mean another one tomorrow, once a plugin adds it.
    """

    def __init__(self, namespace: str):
        #: What is wrong with modules whose commands cannot be loaded, by module.
        self.errors: dict[str, str] = {}
        super().__init__(namespace)

    def load_commands(self, namespace: str) -> None:
        self.group_list.append(namespace)
        extensions = ExtensionManager(namespace, on_load_failure_callback=self._note_error)
        for extension in extensions:
            self.commands[extension.name] = extension.entry_point

    def _note_error(self, manager, entry_point, error: Exception) -> None:
        # stevedore's cache has lost the distribution.
        owner = next(
            item.dist.name for item in importlib.metadata.entry_points(group=manager.namespace)
            if item.name == entry_point.name
        )
        self.errors[entry_point.module] = (
            f"the commands of {entry_point.module} (distribution {owner}) cannot be loaded: {error}"
        )

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
            return UsageError("no command is given", "kolla --help lists them")
        verbs = [name.partition(" ")[2] for name in self.commands if name.split()[0] == words[0]]
        if verbs and len(words) == 1:
            return UsageError(
                f"`kolla {words[0]}` needs a further word",
                f"one of: {', '.join(sorted(verbs))}",
            )
        typed = " ".join(words[:2])
        near = difflib.get_close_matches(typed, self.commands, n=3)
        if not near and len(words) > 1:
            near = difflib.get_close_matches(words[0], self.commands, n=3)
        return UsageError(
            f"there is no command `{typed}`",
            f"did you mean: {', '.join(near)}?" if near else "kolla --help lists all commands",
        )


def _summary(command) -> str:
    text = getattr(command, "_description", "") or inspect.getdoc(command) or ""
    return text.partition("\n")[0].rstrip(".")
