"""Takes generations from the engine: remove, forget, erase."""

import dataclasses
import logging
from collections.abc import Callable, Collection

from kolla.actions.step import Step
from kolla.backends.instances import Instances, project_of
from kolla.errors import KollaError
from kolla.logs.archive import Archive
from kolla.plugin.reports import BackendError, UnreadableLog
from kolla.plugin.spec import Spec
from kolla.store.records import GenerationOutcome, Record
from kolla.store.store import Store

LOG = logging.getLogger(__name__)

#: Lines of a log that are archived at most: reading them must not take long.
KEPT_LINES = 100_000


def volumes_of_others(store: Store, containers: Collection[str]) -> dict[str, Record]:
    """By name: the volumes of all other containers, deleted or not, each with its container.

    Of several containers with a volume, one that keeps its data is named.
    """
    return {
        volume.name: record
        for record in sorted(store.containers(), key=lambda record: not record.erase)
        if record.name not in containers
        for generation in [store.find(record.name, record.current)] if generation
        for volume in generation.snapshot.volumes
    }


@dataclasses.dataclass(frozen=True)
class Removal:
    """Takes away what is no longer needed."""

    tell: Callable[[str], None]
    store: Store
    instances: Instances
    archive: Archive
    #: Names the image of a kept generation.
    kept_reference: Callable[[str, int], str]

    def remove(self, step: Step) -> None:
        spec = step.recorded
        if spec and (survivors := self.instances.survivors(spec, step.number)):
            # One of its processes may have appeared since the plan was made.
            self.tell(f"{step.name} stays: {', '.join(survivors)} still live in its file system")
            return
        if step.backend.inspect(step.name):
            self._archive_log(step)
        # Folder first: as long as the container exists, recovery finds and removes the folder.
        # A container can fill its folder so that deleting it takes long: that comes last.
        self.instances.set_aside(step.container, step.number)
        step.backend.remove(step.name)
        self.instances.purge(step.container)

    def _archive_log(self, step: Step) -> None:
        """Archive the log. If that fails, as on a full disk, the removal goes on."""
        try:
            log = step.backend.logs(step.name, tail=KEPT_LINES)
            self.archive.keep(step.container, step.number, log)
        except UnreadableLog:
            pass  # its driver keeps it elsewhere
        except KollaError as error:
            LOG.warning("the log of %s is not archived as a whole: %s", step.name, error.message)

    def forget(self, step: Step) -> None:
        """Drop the name that protects the image of a generation, and its files."""
        step.backend.untag(self.kept_reference(step.container, step.number))
        # It has a folder if it was laid out and never created.
        self.instances.set_aside(step.container, step.number)
        step.backend.forget(step.name)
        self.instances.purge(step.container)
        self.store.forget(step.container, step.number)

    def erase(self, step: Step) -> None:
        """Remove the volumes that no other container has."""
        self._tell_of_dumps(step.spec)
        others = volumes_of_others(self.store, [step.container])
        for volume in step.spec.volumes:
            self._erase(step, volume.name, others.get(volume.name))
        # Without data any release may start next: no generation is current.
        with self.store.transaction():
            self.store.end(
                step.container, step.number, GenerationOutcome.DELETED, "its data were deleted too"
            )
            self.store.update(step.container, erase=0, current=None)

    def _tell_of_dumps(self, spec: Spec) -> None:
        """Say where its dumps are: they stay, and undo a deletion by mistake."""
        folder = self.instances.dumps.folder / project_of(spec)
        if folder.is_dir() and any(folder.iterdir()):
            self.tell(f"its dumps stay in {folder}")

    def _erase(self, step: Step, volume: str, other: Record | None) -> None:
        told = f"the volume {volume} stays: {other.name} has it too" if other else ""
        if other and not other.erase:
            self.tell(told)
            return
        try:
            step.backend.remove_volume(volume)
        except BackendError:
            if not other:
                raise
            self.tell(told)  # the other one is being erased as well, and removes it
