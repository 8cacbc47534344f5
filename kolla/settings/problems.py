"""Problems of a configuration, with their places."""

import dataclasses
import os
from collections.abc import Iterable

from kolla.errors import KollaError


@dataclasses.dataclass(frozen=True)
class Problem:
    """One problem. ``line`` is None if no line is to blame."""

    file: str
    line: int | None
    message: str

    @property
    def place(self) -> str:
        """The file without its folder, and the line."""
        name = os.path.basename(self.file)
        return f"{name}:{self.line}" if self.line else name

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class Invalid(KollaError):
    """The configuration cannot be used; it lists all problems."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(dict.fromkeys(problems))
        lines = [f"  {problem}" for problem in self.problems]
        super().__init__(
            "\n".join(["the configuration is not valid:", *lines]),
            "nothing was changed; correct it, then run `kolla config validate`",
        )
