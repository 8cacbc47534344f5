"""Has a generation take requests, hold them, or finish those that it has."""

import dataclasses
from collections.abc import Callable

from kolla import network
from kolla.actions.step import Step
from kolla.backends.instances import Instances
from kolla.errors import KollaError
from kolla.plans.plan import Do
from kolla.plugin import Hold, Strategy
from kolla.plugin.reports import Outcome

#: Seconds a new generation may take to bind its public address, or to take over.
JOIN_TIMEOUT = 60


@dataclasses.dataclass(frozen=True)
class Traffic:
    """Runs the commands of an image that do this."""

    instances: Instances
    #: Masks secrets in the output of a command.
    hide: Callable[[str], str]
    tell: Callable[[str], None]

    def join(self, step: Step) -> None:
        """Have it take its public address, or take over the work."""
        # Mark it first: if the engine restarts it from here on, it joins by itself.
        self.instances.mark_joined(step.container, step.number)
        if not step.spec.join:
            return
        outcome = step.backend.execute(step.name, step.spec.join, JOIN_TIMEOUT)
        if outcome.exit_code != 0:
            self.instances.mark_joined(step.container, step.number, False)
            raise step.failed(_why(step, outcome.output), step.evidence(outcome))

    def let_wait(self, step: Step, required: str) -> None:
        """Have a dependant of the container that is replaced hold its requests, or resume them.

        A failure is only reported: another command may have removed the dependant.
        """
        try:
            hold = step.spec.hold or Hold()
            command = hold.command if step.operation.kind is Do.HOLD else hold.resume
            outcome = step.backend.execute(step.name, (*command, required), hold.timeout)
        except KollaError as error:
            outcome = Outcome(1, error.message)
        self._tell(f"requests to {step.name}: {step.operation.kind}", outcome)

    def drain(self, step: Step) -> None:
        """Have it finish its requests. A drain that fails does not keep its container alive."""
        seen = step.backend.inspect(step.name)
        if seen is None or not seen.running:
            return
        try:
            outcome = step.backend.execute(step.name, step.spec.drain, step.spec.drain_grace)
        except KollaError as error:
            outcome = Outcome(1, error.message)
        self._tell(f"the drain of {step.name}", outcome)

    def _tell(self, what: str, outcome: Outcome) -> None:
        if outcome.exit_code != 0:
            self.tell(f"{what} failed: {self.hide(outcome.output)}")


def _why(step: Step, said: str) -> str:
    if step.spec.strategy == Strategy.RELIEVE:
        return "it cannot take over"
    return f"it cannot take its public address{_holders(step, said)}"


def _holders(step: Step, said: str) -> str:
    """What holds the ports that its output names as those it cannot bind."""
    return "".join(
        f": {listen.address} port {listen.port} {problem}" for listen in step.spec.listens
        if f"{listen.address}:{listen.port}" in said
        and (problem := network.problem(listen.address, int(listen.port), listen.floating))
    )
