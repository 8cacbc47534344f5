"""Types of options whose errors say in words what they accept."""

import re

from oslo_config.types import ConfigType, String

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Form(String):
    """A text of a certain form; ``rule`` is the error for any other."""

    def __init__(self, name: str, pattern: str, rule: str):
        super().__init__(type_name=name)
        self.pattern, self.rule = pattern, rule

    def __call__(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise ValueError(self.rule)
        return value


class Bytes(ConfigType):
    """A size in bytes: ``1g`` and ``1073741824`` are the same."""

    def __init__(self) -> None:
        super().__init__(type_name="size")

    def __call__(self, value: object) -> int:
        return int(amount(str(value)))

    def _formatter(self, value: object) -> str:
        return str(value)


def amount(text: str) -> int | float:
    """The value of ``1g``, ``1073741824`` or ``0.5``. Raises ValueError."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kmgt]?)", text.strip().lower())
    if not found:
        raise ValueError(f"{text.strip()!r} is no number like 512, 64m or 1g")
    value = float(found[1]) * _UNITS[found[2]]
    return int(value) if value.is_integer() else value


BYTES = Bytes()
#: A size in bytes as the engine accepts it.
SIZE = Form("size", "[1-9][0-9]*[kmg]", "a size is a number with k, m or g, like 50m")
#: The address of an engine as its clients accept it.
ENGINE_URL = Form(
    "URL", r"unix:///\S+|tcp://[^/\s]+:[0-9]+|ssh://\S+",
    "an engine is at unix:///PATH, tcp://ADDRESS:PORT or ssh://HOST",
)
#: An absolute path: a relative one would depend on the working directory of kolla.
FOLDER = Form("folder", "/.*", "a folder begins with a slash, like /var/lib/kolla")
