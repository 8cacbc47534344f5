"""A service of a cloud that is killed on its way to another release and back."""

from collections.abc import Callable

from tests.functional.support.cloud import Cloud
from tests.functional.support.crash import Tool
from tests.functional.support.crash_points import Point, Trap
from tests.functional.support.watching import asking, untouched

OLD, NEW = "2026.1", "2026.2"


class Service:
    """A container on its way between two releases, and a question of its users."""

    def __init__(self, cloud: Cloud, name: str, question: Callable):
        self.cloud, self.name, self.question = cloud, name, question
        self.tool = Tool(cloud.deployment)

    @property
    def release(self) -> str:
        return self.cloud.current(self.name)["release"]

    def way_to(self, release: str) -> tuple[str, ...]:
        """The command that leads there."""
        if release == NEW:
            return ("container", "upgrade", self.name, "--release", NEW)
        earlier = [row["generation"] for row in self.cloud.history(self.name)
                   if row["rollback"] and row["release"] == OLD]
        return ("container", "rollback", self.name, "--to", str(earlier[-1]))

    def go_to(self, release: str) -> list[Point]:
        """The points it comes by."""
        if self.release == release:
            return []
        ended = self.tool.run(*self.way_to(release))
        assert ended.exit_code == 0, ended.output
        return ended.points

    def killed(self, *command: str, trap: Trap, then: Callable[[], None]) -> bool:
        """Run a command, killed there, and then something else, while its users are at work.

        False if the command ended without coming there.
        """
        child = self.tool.begin(*command, trap=trap)
        with asking(self.question) as users:
            ended = child.wait()
            then()
        assert users.failures == []
        return ended.caught

    def recover(self) -> None:
        self.cloud.deployment.kolla("recover")

    def assert_consistent(self) -> None:
        """One generation counts and runs, and nothing is left to do."""
        current = [row for row in self.cloud.history(self.name) if row["state"] == "current"]
        assert len(current) == 1
        assert self.cloud.running(self.name) == [f"{self.name}-g{current[0]['generation']}"]
        kolla = self.cloud.deployment.kolla
        events = kolla("event", "list", "--container", self.name, "-f", "json").json()
        assert "begun" not in {row["outcome"] for row in events}
        with untouched(self.cloud.deployment):
            rows = kolla("recover", "-f", "json").json()
        assert {row["outcome"] for row in rows} == {"unchanged"}
