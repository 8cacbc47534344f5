"""Dataclasses as JSON and back: what a snapshot is written and read with."""

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """A dataclass, and all in it, as what JSON knows."""
    if dataclasses.is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value.value if isinstance(value, enum.Enum) else value


def made(kind: Any, value: Any) -> Any:
    """A value of a type from what JSON knows; fields that the type has not are passed over.

    Raises TypeError or ValueError if it is no such value.
    """
    inner = [item for item in typing.get_args(kind) if item is not types.NoneType]
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return value if value is None or len(inner) > 1 else made(inner[0], value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        known = _types_of(kind)
        _require(dict, value)
        return kind(**{key: made(known[key], item) for key, item in value.items() if key in known})
    if origin is tuple:
        _require(list, value)
        return tuple(made(inner[0], item) for item in value)
    if origin is Mapping:
        _require(dict, value)
        return {key: made(inner[1], item) for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    return value


@functools.cache
def _types_of(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _require(kind: type, value: Any) -> None:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} should be a {kind.__name__}")
