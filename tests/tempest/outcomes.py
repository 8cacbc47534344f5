"""What has become of the tests of a run, by the lines that Tempest prints."""

import collections
import dataclasses
import re

LINE = re.compile(
    r"\{\d+\} (?P<test>.+?)(?: \[[^]]*\])? \.\.\. (?P<what>ok|FAILED|SKIPPED)(?:: (?P<why>.+))?"
)


@dataclasses.dataclass
class Outcomes:
    """How many tests passed, which failed, and why others were skipped.

    A class of tests that is skipped or fails as a whole counts as one.
    """

    passed: int = 0
    failed: list[str] = dataclasses.field(default_factory=list)
    skipped: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def take(self, line: str) -> None:
        """A line of Tempest's; others than those of a test change nothing."""
        found = LINE.fullmatch(line.strip())
        if found is None:
            return
        if found["what"] == "ok":
            self.passed += 1
        elif found["what"] == "FAILED":
            self.failed.append(found["test"])
        else:
            self.skipped[found["why"] or "for no reason"] += 1

    def __str__(self) -> str:
        return "\n".join([
            *(f"failed: {test}" for test in self.failed),
            *(f"skipped, {count}: {why}" for why, count in self.skipped.most_common()),
            f"{self.passed} passed, {len(self.failed)} failed, {self.skipped.total()} skipped",
        ])
