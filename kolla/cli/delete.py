"""The verb that deletes: it asks before it does, and says what goes with a container."""

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from kolla.cli.action import Forced
from kolla.cli.base import Table
from kolla.cli.confirm import confirm
from kolla.cli.parser import Parser

if TYPE_CHECKING:
    from kolla.actions.run import Report
    from kolla.plugin import Container


class Delete(Forced):
    kind = "delete"
    leftover = True

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--data", action="store_true", help="also delete the data in its volumes"
        )
        parser.add_argument(
            "--skip-tasks", action="store_true",
            help="leave what it has on the host and in other services, such as databases",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        return parser

    def details(self, parsed_args: Namespace) -> dict[str, Any]:
        return {
            **super().details(parsed_args),
            "data": parsed_args.data, "tasks": not parsed_args.skip_tasks,
        }

    def take_action(self, parsed_args: Namespace) -> Table:
        if not (parsed_args.yes or parsed_args.dry_run):
            self._ask(parsed_args)
        return super().take_action(parsed_args)

    def _ask(self, parsed_args: Namespace) -> None:
        containers = self.containers(parsed_args)
        what = ", ".join(container.name for container in containers) or "nothing"
        if parsed_args.data:
            what += self._data(containers, parsed_args.skip_tasks)
        confirm(
            self.app, f"delete {what}", "nothing was deleted", "--dry-run shows the plan",
            self._dependants(containers), parsed_args.names if parsed_args.data else (),
        )

    def _dependants(self, containers: "list[Container]") -> str:
        """Which containers of this host cannot work without these."""
        deployment, gone = self.app.deployment, {container.name for container in containers}
        left = [
            container.name for container in deployment.settings.enabled()
            if container.name not in gone and gone & deployment.catalog.required(container.name)
        ]
        return f"{', '.join(left)} cannot work without it." if left else ""

    def _preview(self, parsed_args: Namespace, report: "Report") -> Table:
        columns, rows = super()._preview(parsed_args, report)
        if parsed_args.data:
            containers = self.containers(parsed_args)
            volumes = self._volumes(containers) or "no volume"
            self.text = f"{self.text}\nafterwards: delete the data in {volumes}"
        return columns, rows

    def _data(self, containers: "list[Container]", skip_tasks: bool) -> str:
        volumes = self._volumes(containers)
        data = f" and the data in {volumes}" if volumes else ""
        if skip_tasks or not any(container.teardown for container in containers):
            return data or ", which has no volume with data"
        return f"{data}, with databases and users in other services"

    def _volumes(self, containers: "list[Container]") -> str:
        from kolla.actions.removal import volumes_of_others

        deployment = self.app.deployment
        others = volumes_of_others(deployment.store, [container.name for container in containers])
        names = dict.fromkeys(
            name for container in containers for volume in container.volumes
            if (name := deployment.settings.render(volume.name)) not in others
        )
        return f"the volumes {', '.join(names)}" if names else ""
