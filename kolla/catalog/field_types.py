"""Whether the fields of a declaration have the types that the public API gives them."""

import dataclasses
import functools
import itertools
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class _Field(NamedTuple):
    name: str
    hint: Any
    default: Any


@functools.cache
def _fields(kind: type) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        _Field(field.name, hints[field.name], field.default) for field in dataclasses.fields(kind)
    )


class _Misfit(NamedTuple):
    """The value has another type than the public API declares."""

    place: str
    hint: Any
    value: Any


def misdeclared(thing: Any) -> str:
    """The innermost field whose value has a wrong type; empty if there is none."""
    found = _first_misfit_of_fields(thing, "")
    if found is None:
        return ""
    kind = _name(found.hint)
    return f"its {found.place!r} should be of type {kind}, but is {found.value!r:.80}"


def _name(hint: Any) -> str:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(map(_name, typing.get_args(hint)))
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__.removesuffix("Type")
    return str(hint).removeprefix("collections.abc.")


def _first_misfit_of_fields(thing: Any, prefix: str) -> _Misfit | None:
    kind: Any = type(thing)
    for name, hint, default in _fields(kind):
        value = getattr(thing, name)
        if value is not default and (found := _misfit(value, hint, f"{prefix}{name}")):
            return found
    return None


def _are_texts(values: Iterable[Any]) -> bool:
    """Most fields with several values: texts, or texts by text."""
    every = itertools.chain(values, values.values() if isinstance(values, Mapping) else ())
    return all(type(value) is str for value in every)


def _misfit(value: Any, hint: Any, place: str) -> _Misfit | None:
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        fits = any(_misfit(value, option, place) is None for option in inner)
        return None if fits else _Misfit(place, hint, value)
    if not isinstance(value, kind or hint):
        return _Misfit(place, hint, value)
    found: Iterable[_Misfit | None] = ()
    if kind in (tuple, Mapping) and {*inner} <= {str, ...} and _are_texts(value):
        return None
    if kind is tuple:
        found = (_misfit(item, inner[0], f"{place}[{i}]") for i, item in enumerate(value))
    elif kind is Mapping:
        found = (
            _misfit(key, inner[0], place) or _misfit(item, inner[1], f"{place}[{key!r}]")
            for key, item in value.items()
        )
    elif dataclasses.is_dataclass(value):
        found = iter([_first_misfit_of_fields(value, f"{place}.")])
    return next(filter(None, found), None)
