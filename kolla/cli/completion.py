"""``kolla complete``: completion that knows commands, options, sets and containers."""

from argparse import Action, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from kolla.cli.base import Command
from kolla.cli.parser import Parser
from kolla.cli.shells import SCRIPTS
from kolla.errors import KollaError

if TYPE_CHECKING:
    from kolla.cli.main import Kolla
    from kolla.deployment import Deployment


class Complete(Command):
    """Print the completion script of a shell

    With an unfinished command line after --, prints the candidates for its last word, which
    may be empty: one on each line.
    """

    example = (
        "source <(kolla complete)\nkolla complete --shell fish | source\n"
        "kolla complete -- container show ''"
    )

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument("words", metavar="WORD", nargs="*", help="an unfinished command line")
        parser.add_argument(
            "--shell", choices=sorted(SCRIPTS), default="bash", metavar="SHELL",
            help="bash, fish or zsh (default: bash)",
        )
        return parser

    def take_action(self, parsed_args: Namespace) -> int | None:
        if not parsed_args.words:
            self.app.stdout.write(SCRIPTS[parsed_args.shell])
            return 0
        for candidate in candidates(self.app, parsed_args.words):
            self.app.stdout.write(f"{candidate}\n")
        return 0


def candidates(app: "Kolla", words: list[str]) -> list[str]:
    """The candidates for the last word; none if they are not known."""
    *before, last = words
    try:
        _, typed = app.parser.parse_known_args(before, app.options)
    except KollaError:  # an option waits for its value
        waiting = app.parser.option(before[-1])
        return _values(app, waiting, [], last) if waiting else []
    if typed[:1] == ["help"]:
        typed = typed[1:]
    names = [name.split() for name in app.command_manager.commands]
    following = {name[len(typed)] for name in names
                 if name[: len(typed)] == typed and len(name) > len(typed)}
    if last.startswith("-") and (following or not typed):
        return app.parser.options()
    if following:
        return sorted(following)
    try:
        command_class, name, arguments = app.command_manager.find_command(typed)
        command = command_class(app, app.options, cmd_name=name)
        return _of_command(app, command, command.get_parser(name), arguments, last)
    except KollaError:
        return []


def _of_command(
    app: "Kolla", command: Command, parser: Parser, arguments: list[str], last: str
) -> list[str]:
    waiting = parser.option(arguments[-1]) if arguments else None
    if waiting and waiting.dest in _OF_COLUMNS:
        return list(getattr(command, "columns", ()))
    if waiting and waiting.nargs != 0:
        return _values(app, waiting, arguments, last)
    if last.startswith("-"):
        return parser.options() + app.parser.options()
    positional = parser.positional(arguments)
    return _values(app, positional, arguments, last) if positional else []


def _values(app: "Kolla", action: Action, arguments: list[str], last: str) -> list[str]:
    if action.choices:
        return list(action.choices)
    kind = getattr(action, "complete", "")
    find = _SOURCES.get(kind)
    found = find(app.deployment, arguments) if find else []
    if kind in _OF_NODES and not any(name.startswith(last) for name in found):
        return list(app.deployment.catalog.old_names)
    return found


def _sets(deployment: "Deployment", arguments: list[str]) -> list[str]:
    return [deployment.catalog.root.name, *deployment.catalog.sets]


def _containers(deployment: "Deployment", arguments: list[str]) -> list[str]:
    return [name for name in deployment.catalog.containers if name not in arguments]


def _images(deployment: "Deployment", arguments: list[str]) -> list[str]:
    return [name for name in deployment.installed.images if name not in arguments]


def _generations(deployment: "Deployment", arguments: list[str]) -> list[str]:
    """The generations of the container that is named before."""
    name = next((word for word in arguments if word in deployment.catalog.containers), "")
    return [str(generation.number) for generation in deployment.store.generations(name)]


def _ways_back(deployment: "Deployment", arguments: list[str]) -> list[str]:
    """The generations to which a rollback can go."""
    from kolla.cli.history import ways_back

    store = deployment.store
    return [
        str(generation.number)
        for name in arguments if name in deployment.catalog.containers
        for generation, why_not in ways_back(store.container(name), store.generations(name))
        if not why_not
    ]


def _groups(deployment: "Deployment", arguments: list[str]) -> list[str]:
    """The groups of options that are known or set."""
    from kolla.cli.config import groups

    return groups(deployment.settings)


def _options(deployment: "Deployment", arguments: list[str]) -> list[str]:
    """Each option of kolla as ``--set`` takes it, without its value."""
    return [f"{group}.{name}=" for group, found in deployment.settings.options.items()
            for name in found]


def _hosts(deployment: "Deployment", arguments: list[str]) -> list[str]:
    """The hosts that have a file of their own."""
    return sorted(path.stem for path in (deployment.config_dir / "hosts").glob("*.conf"))


def _tasks(deployment: "Deployment", arguments: list[str]) -> list[str]:
    """The tasks of the container that is named before."""
    from kolla.cli.task import tasks_of

    known = deployment.catalog.containers
    named = next((known[word] for word in arguments if word in known), None)
    return [task.name for task in tasks_of(deployment, named)] if named else []


def _releases(deployment: "Deployment", arguments: list[str]) -> list[str]:
    return deployment.installed.releases()


def _exporters(deployment: "Deployment", arguments: list[str]) -> list[str]:
    return deployment.installed.exporters()


#: Options, by their names in cliff, whose value is a column of the output.
_OF_COLUMNS = ("columns", "sort_columns")
#: What once had other names: whoever types one is told what became of it.
_OF_NODES = ("sets", "containers", "sets and containers")
_SOURCES: dict[str, "Callable[[Deployment, list[str]], list[str]]"] = {
    "sets": _sets,
    "containers": _containers,
    "sets and containers": lambda *given: _sets(*given) + _containers(*given),
    "generations": _generations,
    "ways back": _ways_back,
    "groups": _groups,
    "options": _options,
    "hosts": _hosts,
    "images": _images,
    "tasks": _tasks,
    "releases": _releases,
    "exporters": _exporters,
}
