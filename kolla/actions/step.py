"""One operation, and what it is carried out on."""

import dataclasses

from kolla.actions.failures import Failed
from kolla.backends.instances import engine_name
from kolla.health import evidence
from kolla.plans.plan import Operation
from kolla.plugin.backend import Backend
from kolla.plugin.reports import Outcome
from kolla.plugin.spec import Spec


@dataclasses.dataclass(frozen=True)
class Step:
    """An operation with its backend and what is recorded of its generation."""

    operation: Operation
    backend: Backend
    #: None if nothing is recorded of the generation.
    recorded: Spec | None

    @property
    def container(self) -> str:
        return self.operation.container

    @property
    def number(self) -> int:
        """The generation; ValueError if the operation is about the container as a whole."""
        return self.operation.number

    @property
    def name(self) -> str:
        """The name of the generation on the engine."""
        return engine_name(self.container, self.number)

    @property
    def spec(self) -> Spec:
        """What the generation runs; :class:`Failed` if that is not recorded."""
        if self.recorded is None:
            raise self.failed("nothing is recorded of this generation")
        return self.recorded

    def failed(self, reason: str, evidence: str = "") -> Failed:
        """The error to raise if the operation does not succeed."""
        return Failed(self.operation, reason, evidence)

    def evidence(self, outcome: Outcome | None = None) -> str:
        """The output of a command, the engine's view of the generation, the end of its log."""
        said = outcome.output if outcome else ""
        if self.operation.generation is None:
            return said
        return evidence.gather(self.backend, self.name, said)
