"""Whether the fields of a declaration have the types that the public API gives them."""

import dataclasses
import functools
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple


class _Misfit(NamedTuple):
    """The value has another type than the public API declares."""

    #: Seen from the object that was checked.
    place: str
    hint: Any
    value: Any

    def below(self, place: str) -> "_Misfit":
        return self._replace(place=place + self.place)


#: Finds the innermost misfit of a value.
_Check = Callable[[Any], _Misfit | None]


def misdeclared(thing: Any) -> str:
    """The innermost field whose value has a wrong type; empty if there is none."""
    found = _of_fields(thing)
    if found is None:
        return ""
    kind = _name(found.hint)
    return f"its {found.place[1:]!r} should be of type {kind}, but is {found.value!r:.80}"


def _name(hint: Any) -> str:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(map(_name, typing.get_args(hint)))
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__name__.removesuffix("Type")
    return str(hint).removeprefix("collections.abc.")


@functools.cache
def _fields(kind: type) -> tuple[tuple[str, Any, _Check], ...]:
    """Names, defaults and checks of its fields."""
    hints = typing.get_type_hints(kind)
    return tuple(
        (field.name, field.default, _check(hints[field.name]))
        for field in dataclasses.fields(kind)
    )


def _of_fields(thing: Any) -> _Misfit | None:
    kind: Any = type(thing)
    for name, default, check in _fields(kind):
        value = getattr(thing, name)
        if value is not default and (found := check(value)):
            return found.below(f".{name}")
    return None


@functools.cache
def _check(hint: Any) -> _Check:
    """Made once for each hint: there are thousands of values."""
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        checks = [_check(option) for option in inner]
        return lambda value: (
            None if any(check(value) is None for check in checks) else _Misfit("", hint, value))
    inside = _inside(kind or hint, inner)
    wanted = kind or hint
    return lambda value: (
        inside(value) if isinstance(value, wanted) else _Misfit("", hint, value))


def _inside(kind: Any, inner: tuple[Any, ...]) -> _Check:
    """Checks what is in a value of this kind."""
    if kind in (tuple, Mapping) and inner:
        checks = [_check(hint) for hint in inner if hint is not ...]
        of_items = _of_items(checks[0]) if kind is tuple else _of_mapping(*checks)
        if {*inner} <= {str, ...}:
            return lambda value: None if _are_texts(value) else of_items(value)
        return of_items
    return _of_fields if dataclasses.is_dataclass(kind) else lambda value: None


def _are_texts(values: Iterable[Any]) -> bool:
    """Most fields with several values: texts, or texts by text."""
    every = itertools.chain(values, values.values() if isinstance(values, Mapping) else ())
    return all(type(value) is str for value in every)


def _of_items(check: _Check) -> _Check:
    def of_items(values: tuple) -> _Misfit | None:
        for position, value in enumerate(values):
            if found := check(value):
                return found.below(f"[{position}]")
        return None
    return of_items


def _of_mapping(check_key: _Check, check_value: _Check) -> _Check:
    def of_mapping(values: Mapping) -> _Misfit | None:
        for key, value in values.items():
            if found := check_key(key):
                return found
            if found := check_value(value):
                return found.below(f"[{key!r}]")
        return None
    return of_mapping
