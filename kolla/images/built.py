"""How builds of images end."""

import dataclasses
import enum


class Outcome(enum.StrEnum):
    """What became of an image."""

    BUILT = "built"
    PULLED = "pulled"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    #: What it is built on failed.
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"
    NOT_BEGUN = "not begun"


@dataclasses.dataclass(frozen=True)
class Built:
    """How the build of an image ended."""

    image: str
    #: Its tag: a release or that of Debian.
    release: str
    outcome: Outcome
    #: Bytes, with what it shares with its parents; 0 if there is no image.
    size: int = 0
    seconds: float = 0.0
    #: The path of the build's log; empty if nothing was built.
    log: str = ""
    reason: str = ""

    @property
    def usable(self) -> bool:
        return self.outcome in (Outcome.BUILT, Outcome.PULLED, Outcome.UNCHANGED)
