"""What carries out operations on the engine."""

import abc
from collections.abc import Iterator
from typing import Any, Protocol

from kolla.plugin.instance import Instance
from kolla.plugin.reports import Happenings, ImageFacts, Observed, Outcome, Stranger, Usage
from kolla.plugin.spec import Spec


class Configured(Protocol):
    """What a backend may ask of the settings."""

    host: str
    #: The tree of what is installed.
    catalog: Any

    def value(self, group: str, option: str) -> Any:
        """The effective value of an option."""

    def references(self, rendered: str) -> list[str]:
        """The secrets that a rendered text refers to."""

    def reveal(self, rendered: str) -> str:
        """A rendered text with its secrets put in."""

    def taken_out(self, rendered: str) -> list[str]:
        """The secrets in a rendered text that the configuration no longer has."""

    def is_of_nobody(self, rendered: str) -> bool:
        """Whether it has the content of a file that no installed plugin names any more."""


class Backend(abc.ABC):
    """Carries out single operations; decides nothing.

    Every method raises :class:`BackendError` if the engine refuses or cannot be reached.
    Times are in seconds. Operations that find their work already done succeed. All backends
    of a deployment work on one engine: what one has made, every other sees. Whatever comes
    from a container, its output, its log and errors about it, has passed
    :func:`kolla.text.harmless`.
    """

    #: What generations remember it by; empty: the name of its entry point.
    name = ""

    def require(self, spec: Spec) -> None:
        """Raise :class:`BackendError` if it cannot make generations of a spec.

        Called before anything is touched.
        """

    @abc.abstractmethod
    def observe(self, container: str | None = None) -> list[Observed]:
        """The generations and tasks of one container, or of all, in one call, without policies.

        Kolla's is what has the name that its labels say; see :meth:`strangers`.
        """

    def strangers(self) -> list[Stranger]:
        """Containers with labels of kolla whose name is another one, such as copies."""
        return []

    @abc.abstractmethod
    def inspect(self, name: str) -> Observed | None:
        """One of them with its restart policy; None if there is none of that name."""

    @abc.abstractmethod
    def image(self, reference: str) -> ImageFacts | None:
        """The image behind a tag or id; None if the engine has none."""

    @abc.abstractmethod
    def images(self) -> list[ImageFacts]:
        """All images that carry kolla's labels, one entry for each tag."""

    @abc.abstractmethod
    def tag(self, image: str, reference: str) -> None:
        """Give an image a further name, so that no prune takes it."""

    @abc.abstractmethod
    def untag(self, reference: str) -> None:
        """Take a name from an image; the engine deletes an image without names."""

    @abc.abstractmethod
    def read_file(self, image: str, path: str, container: str = "") -> bytes | None:
        """A file inside an image; None if it is not there.

        With ``container`` the recovery of that one takes away what a killed read left.
        """

    @abc.abstractmethod
    def create(self, instance: Instance) -> None:
        """Create, with restart policy NEVER, not started."""

    @abc.abstractmethod
    def start(self, name: str) -> None: ...

    @abc.abstractmethod
    def stop(self, name: str, grace: int) -> None:
        """Signal, wait up to ``grace`` seconds, kill."""

    @abc.abstractmethod
    def remove(self, name: str) -> None:
        """Remove it, running or not, and its unnamed volumes; those with a name stay."""

    def forget(self, name: str) -> None:
        """Drop what this backend itself keeps of a generation that is gone for good.

        Its container may have been removed by hand long before.
        """

    @abc.abstractmethod
    def set_restart(self, name: str, policy: str) -> None: ...

    @abc.abstractmethod
    def execute(self, name: str, command: tuple[str, ...], timeout: int) -> Outcome:
        """Run a command in a running container; it is killed inside after ``timeout``."""

    @abc.abstractmethod
    def happenings(self) -> Happenings:
        """What happens to kolla's containers from now on."""

    @abc.abstractmethod
    def run(self, instance: Instance, timeout: int) -> Outcome:
        """Create, run to the end and remove: a one-shot task."""

    @abc.abstractmethod
    def logs(
        self,
        name: str,
        tail: int | None = None,
        since: float | None = None,
        until: float | None = None,
        follow: bool = False,
    ) -> Iterator[tuple[str, str]]:
        """(time, line) pairs of what it wrote to standard output and error, as it comes.

        Times are UTC in ISO 8601 with nine digits of a second. Raises :class:`UnreadableLog`
        if the log driver keeps it from the engine. With ``follow`` it ends when the container
        does, or the engine.
        """

    def usage(self, name: str) -> Usage | None:
        """What a running container uses; None if that is not known."""
        return None

    @abc.abstractmethod
    def remove_volume(self, name: str) -> None: ...

    @abc.abstractmethod
    def shell(self, name: str, command: tuple[str, ...], tty: bool) -> tuple[str, ...]:
        """The command line with which a person enters the container."""

    @abc.abstractmethod
    def version(self) -> str:
        """The engine's name and version."""
