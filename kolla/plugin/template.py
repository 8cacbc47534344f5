"""Which texts of a declaration are templates, and how they are rendered: by their type."""

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

#: A text in which ``${group.option}`` stands for an option.
Template = Annotated[str, "template"]


def rendered(thing: Any, render: Callable[[str], str]) -> Any:
    """A dataclass, or a tuple of such, with each template in it rendered."""
    if isinstance(thing, tuple):
        return tuple(rendered(item, render) for item in thing)
    if not dataclasses.is_dataclass(thing) or isinstance(thing, type):
        return thing
    return dataclasses.replace(thing, **{
        name: _rendered(hint, getattr(thing, name), render)
        for name, hint in _templated(type(thing)).items()
    })


def texts(thing: Any) -> list[str]:
    """All templates in a dataclass."""
    found = []

    def note(text: str) -> str:
        found.append(text)
        return text

    rendered(thing, note)
    return found


def _rendered(hint: Any, value: Any, render: Callable[[str], str]) -> Any:
    if value is None or callable(value):  # what a function makes is rendered when it is made
        return value
    if hint == Template:
        return render(value)
    inner = [item for item in typing.get_args(hint) if item not in (types.NoneType, ...)]
    match typing.get_origin(hint):
        case typing.Union | types.UnionType:
            return _rendered(inner[0], value, render)
        case origin if origin is tuple:
            return tuple(_rendered(inner[0], item, render) for item in value)
        case origin if origin is Mapping:
            return {key: _rendered(inner[1], item, render) for key, item in value.items()}
    return rendered(value, render)


@functools.cache
def _templated(kind: type) -> dict[str, Any]:
    """The fields of a dataclass that are templates or have some in them, by name."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)
            if _has_templates(hints[field.name])}


def _has_templates(hint: Any) -> bool:
    if hint == Template:
        return True
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return bool(_templated(hint))
    return any(map(_has_templates, typing.get_args(hint)))
