"""The errors with which an operation of a plan can end."""

from kolla.catalog import discovery
from kolla.errors import KollaError
from kolla.plans.plan import Operation


class Failed(KollaError):
    """An operation did not succeed; ``evidence`` is output and log lines that show why."""

    def __init__(self, operation: Operation, reason: str, evidence: str = ""):
        super().__init__(f"{operation.kind} failed: {reason}")
        self.operation, self.reason, self.evidence = operation, reason, evidence


def bug(error: Exception) -> str:
    """The message for an error that no code foresaw."""
    return discovery.unforeseen(error, "a bug in kolla")


class Interrupted(Failed):
    """The operator pressed Ctrl-C; ``finished`` if that came too late to stop anything."""

    def __init__(self, operation: Operation, finished: bool = False):
        super().__init__(operation, "interrupted by the operator")
        self.message, self.finished = self.reason, finished
