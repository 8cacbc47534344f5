"""Cells of tables that people and programs read differently."""

import json
from collections.abc import Mapping
from typing import Any

from cliff.columns import FormattableColumn

from kolla import times
from kolla.cli.colour import painted

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


#: Formats in which a cell is a single text.
FLAT = ("csv", "shell", "value")


def flat(cell: object, nothing: str = "") -> Any:
    """A cell for such a format: JSON for a list or a mapping, ``nothing`` if it is empty."""
    value = cell.machine_readable() if isinstance(cell, FormattableColumn) else cell
    if value is None or value == "":
        return nothing
    return json.dumps(value) if isinstance(value, (bool, dict, list)) else value


def text_of(cell: object) -> str:
    """A cell as people read it."""
    return cell.human_readable() if isinstance(cell, FormattableColumn) else str(cell)


class _Cell(FormattableColumn):
    """A cell that can be sorted: None comes last."""

    def __lt__(self, other: Any) -> bool:
        return (self._value is None, self._value) < (other._value is None, other._value)


class Age(_Cell):
    """A time in ISO 8601 or None; people see how long ago that was."""

    def human_readable(self) -> str:
        return age(self._value)

    def dated(self) -> "Text":
        """The time itself, which people read."""
        return Text(moment(self._value))


class ImageId(_Cell):
    """An image's id, a tag or None; people see twelve characters of an id."""

    def human_readable(self) -> str:
        from kolla.plugin.spec import short_id  # `kolla --help` needs no specs

        return short_id(self._value or "-")


class Lines(FormattableColumn):
    """A list or a mapping of texts; people see one line for each."""

    def __init__(self, value: list[str] | Mapping[str, Any], separator: str = ": "):
        super().__init__(value)
        self._separator = separator

    def human_readable(self) -> str:
        if isinstance(self._value, Mapping):
            return "\n".join(f"{key}{self._separator}{text}" for key, text in self._value.items())
        return "\n".join(self._value)


class Size(_Cell):
    """A number of bytes or None; people see megabytes or another unit that fits."""

    def human_readable(self) -> str:
        from rich.filesize import decimal

        return decimal(self._value) if self._value else "-"


class Span(_Cell):
    """Seconds; people see milliseconds if there are few."""

    def human_readable(self) -> str:
        seconds = self._value
        return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


class Possible(_Cell):
    """Why something is impossible, or an empty text; programs see true or false."""

    @property
    def why(self) -> str:
        return str(self._value)

    def human_readable(self) -> str:
        return "no" if self._value else "yes"

    def machine_readable(self) -> bool:
        return not self._value


class Text(_Cell):
    """Anything that may be None; people see a dash for it, and yes or no for truth."""

    def human_readable(self) -> str:
        if isinstance(self._value, bool):
            return "yes" if self._value else "no"
        return "-" if self._value in (None, "") else str(self._value)


class Painted(_Cell):
    """A cell that a terminal shows in the colour of its word."""

    def human_readable(self) -> str:
        return painted(text_of(self._value))

    def machine_readable(self) -> Any:
        shown = self._value
        return shown.machine_readable() if isinstance(shown, FormattableColumn) else shown


def moment(time: str | None) -> str | None:
    """A time in ISO 8601 as people write it: ``2026-11-23 22:12:19 UTC``."""
    return time and f"{time[:19].replace('T', ' ')} UTC"


def age(time: str | None) -> str:
    """How long ago an ISO time was: ``3 min ago``."""
    if not time:
        return "-"
    seconds = times.age(time)
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"
