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
    #: Whether ``upgrade`` ends the pins, so that the configuration decides again.
    follow: bool = False
    #: By container: the generation to go back to, if not to the last known good.
    targets: Mapping[str, int] = dataclasses.field(default_factory=dict)
    #: Whether a failure rolls back what this request has already upgraded.
    rollback_on_failure: bool = False
    #: Whether ``delete`` takes the volumes as well.
    data: bool = False
    #: Whether ``delete`` runs the tasks that clean up on the host and in other services.
    tasks: bool = True
    #: Whether the plan is only shown, so that nothing may be touched.
    preview: bool = False
    #: By container: the generation that the monitor judged. If another one is current by now,
    #: nothing is done.
    judged: Mapping[str, int] = dataclasses.field(default_factory=dict)
    #: Whether the tasks before a rollback have been run on the other hosts, so that a rollback or
    #: a recovery may leave out those that run in the place of a container of another host.
    prepared: bool = False
    #: The name of the task to run.
    task: str = ""
    #: Whether to do it although a container says that it may not stop.
    force: bool = False
    #: Why the monitor asks for it.
    cause: str = ""
    #: What the monitor saw.
    evidence: str = ""
