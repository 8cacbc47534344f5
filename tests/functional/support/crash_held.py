"""The world of a database, and of a front whose requests wait while that is replaced."""

import pathlib
import time

from kolla.store.records import RUNNING
from tests.functional.support.crash_world import World

FRONT = "synthetic-front"
#: Seconds after which the front has let requests go on by itself, also on a busy machine.
WAIT = 60


class HeldWorld(World):
    """Commands are for the database; the front is there all the time."""

    enabled = f"synthetic-database,{FRONT}"

    def reset(self) -> None:
        with self.deployment.engine.client() as client:
            label = {"label": f"kolla.container={FRONT}"}
            for container in client.containers.list(all=True, filters=label):
                container.remove(force=True, v=True)
        super().reset()

    def settle(self) -> None:
        """The front runs, once it can."""
        if self.record().target == RUNNING and not self._front():
            self.kolla("container", "start", FRONT)

    def assert_consistent(self) -> None:
        super().assert_consistent()
        deadline = time.monotonic() + WAIT
        while waits := self.waits():
            assert time.monotonic() < deadline, f"requests still wait: {waits}"
            time.sleep(0.2)

    def waits(self) -> list[str]:
        """The containers for which the front has its requests wait."""
        found = self._front()
        if not found:
            return []
        assert found == [f"{FRONT}-g1"], "the front is not the one that it was"
        with self.deployment.engine.client() as client:
            pid = client.api.inspect_container(found[0])["State"]["Pid"]
        folder = pathlib.Path(f"{self.deployment.engine.processes}/{pid}/root/run/kolla")
        return [path.name.removeprefix("held-") for path in folder.glob("held-*")]

    def _front(self) -> list[str]:
        """The names of the running generations of the front."""
        with self.deployment.engine.client() as client:
            rows = client.api.containers(filters={"label": f"kolla.container={FRONT}"})
        return [row["Names"][0].lstrip("/") for row in rows]
