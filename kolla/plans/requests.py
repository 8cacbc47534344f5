"""One command of an operator or of the monitor, as the planning gets it."""

import dataclasses
from collections.abc import Mapping

from kolla.plans.plan import Kind
from kolla.plugin import Container


@dataclasses.dataclass(frozen=True)
class Request:
    """One command: what to do, and with which containers."""

    kind: Kind
    containers: list[Container]
    release: str | None = None
    image: str | None = None
    #: Whether ``upgrade`` ends the pins, so that the configuration counts again.
    follow: bool = False
    #: By container: the generation to go back to, if not to the last known good.
    targets: Mapping[str, int] = dataclasses.field(default_factory=dict)
    #: Whether a failure takes those back that this request has already upgraded.
    rollback_on_failure: bool = False
    #: Whether ``delete`` takes the volumes as well.
    data: bool = False
    #: Whether ``delete`` runs the tasks that take away what it has left elsewhere.
    tasks: bool = True
    #: Whether it is only to be shown what would be done, so that nothing may be touched.
    preview: bool = False
    #: By container: the generation that was judged. Nothing is done if it no longer counts.
    judged: Mapping[str, int] = dataclasses.field(default_factory=dict)
    #: Whether a rollback may leave out what has to be done before it in the place of a container
    #: that is not on this host, because it was done where that is.
    prepared: bool = False
    #: The task to run.
    task: str = ""
    #: Whether to do it although a container says that it may not stop.
    force: bool = False
    #: Why the monitor asks for it, and what there was to see.
    cause: str = ""
    evidence: str = ""
