"""``kolla container task``: tasks that an operator may run."""

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kolla.cli import action
from kolla.cli.base import Table
from kolla.cli.parser import Parser, completed
from kolla.cli.values import Age, Text

if TYPE_CHECKING:
    from kolla.deployment import Deployment
    from kolla.plugin import Container
    from kolla.plugin import Task as Declared


class Task(action.Action):
    """Run a task of a container, or list its tasks

    A task is run from the image of the current generation, with its volumes, whether the container
    runs or is stopped. The monitor runs those that have a number of seconds under `every`. While a
    task runs, other commands on the container wait.
    """

    example = "kolla container task mariadb\nkolla container task swift-proxy-server rings"
    kind = "task"
    leftover = True
    listed = ("task", "command", "every", "last", "outcome")

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        completed(parser.add_argument("name", metavar="NAME", help="a container"), "containers")
        completed(parser.add_argument(
            "task", metavar="TASK", nargs="?", help="the task to run (default: list them)"
        ), "tasks")
        return parser

    def containers(self, parsed_args: Namespace) -> "list[Container]":
        from kolla.cli.selection import Selection

        return Selection(self.app.deployment).named([parsed_args.name], leftover=True)

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        from kolla.plans import refusals

        container, = self.containers(parsed_args)
        tasks = tasks_of(self.app.deployment, container)
        refusals.require_task(container.name, parsed_args.task, tasks)
        return {"task": parsed_args.task}

    def titles(self, parsed_args: Namespace) -> tuple[str, ...]:
        return super().titles(parsed_args) if parsed_args.task else self.listed

    def take_action(self, parsed_args: Namespace) -> Table:
        if parsed_args.task:
            return super().take_action(parsed_args)
        self._results, self._plans, self.brief = [], {}, ()
        self.nothing = f"{parsed_args.name} has no tasks"
        container, = self.containers(parsed_args)
        return self.listed, list(_rows(self.app.deployment, container))


def tasks_of(deployment: "Deployment", container: "Container") -> "tuple[Declared, ...]":
    """The tasks of its current generation; without one, those that its plugin declares."""
    store, name = deployment.store, container.name
    known = store.find(name, store.container(name).serving)
    return known.snapshot.tasks.get("on_demand", ()) if known else container.on_demand


def _rows(deployment: "Deployment", container: "Container") -> Iterator[tuple[Any, ...]]:
    from kolla.plans.plan import Do

    last = deployment.store.last_runs(container.name, Do.ON_DEMAND)
    for task in tasks_of(deployment, container):
        ran = last.get(task.name)
        yield (
            task.name, " ".join(task.command), Text(task.every or None),
            Age(ran.at if ran else None), Text(ran.outcome if ran else None),
        )
