"""Dataclasses as JSON and back: what a snapshot is written and read with."""

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Callable, Mapping
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
    return _maker(kind)(value)


@functools.cache
def _maker(kind: Any) -> Callable[[Any], Any]:
    """Makes values of a type; looked up once, because a snapshot has hundreds of them."""
    inner = [item for item in typing.get_args(kind) if item is not types.NoneType]
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType) and len(inner) == 1:
        make = _maker(inner[0])
        return lambda value: None if value is None else make(value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return lambda value: _dataclass(kind, value)
    if origin is tuple:
        make = _maker(inner[0])
        return lambda value: tuple(map(make, _required(list, value)))
    if origin is Mapping:
        make = _maker(inner[1])
        return lambda value: {key: make(item) for key, item in _required(dict, value).items()}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind
    return lambda value: value


def _dataclass(kind: Any, value: Any) -> Any:
    makers = _makers_of(kind)
    return kind(**{
        key: makers[key](item) for key, item in _required(dict, value).items() if key in makers
    })


@functools.cache
def _makers_of(kind: Any) -> dict[str, Callable[[Any], Any]]:
    return {name: _maker(hint) for name, hint in typing.get_type_hints(kind).items()}


def _required(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} should be a {kind.__name__}")
    return value
