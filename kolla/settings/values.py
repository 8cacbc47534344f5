"""Validates texts as values of options."""

import re

from oslo_config import cfg, types

from kolla.errors import nearest

_PYTHON_JARGON = re.compile("invalid literal|could not convert|does not appear to be")


def flaw(opt: cfg.Opt, text: str) -> str:
    """Why a text in a file cannot be a value of this option; empty if it can.

    A text with a dollar sign passes: oslo.config has yet to replace it.
    """
    if "$" in text and not opt.secret:
        return ""
    try:
        opt.type(text)
    except ValueError as error:
        return describe(opt, text, error)
    return ""


def describe(opt: cfg.Opt, text: str, error: Exception) -> str:
    """The problem of a value; the value itself is left out if it is a secret."""
    missing = ""
    if isinstance(error, cfg.NoSuchOptError):
        missing = f"option {error.opt_name}"  # oslo.config includes the group in the name
    elif isinstance(error, cfg.NoSuchGroupError):
        missing = f"group {error.group_name}"
    if missing:
        return f"refers to an unknown {missing}; write $$ for a dollar sign"
    kind = _name_of(opt.type)
    if opt.secret:
        return f"is not a valid {kind}"
    # oslo.config wraps the type's own message, which quotes what replaced a dollar sign:
    # that may be a secret.
    if "$" not in text and (choices := _choices(opt.type)):
        return _no_choice(opt.type, text, choices)
    reason = str(error.__context__ or error)
    detail = "" if "$" in text or _PYTHON_JARGON.search(reason) else f": {reason}"
    return f"{text!r} is not a valid {kind}{detail}"


def _name_of(kind: types.ConfigType) -> str:
    if isinstance(kind, types.Dict):
        return f"list of NAME:{_name_of(kind.value_type).upper()}"
    return kind.type_name.removesuffix(" value")


def _choices(kind: types.ConfigType) -> list[str]:
    """The texts that a value can be, or that each item of a list can be; empty: any."""
    choices = getattr(getattr(kind, "item_type", kind), "choices", None) or ()
    return [choice for choice in choices if isinstance(choice, str)]


def _no_choice(kind: types.ConfigType, text: str, choices: list[str]) -> str:
    items = [item.strip() for item in text.split(",")] if isinstance(kind, types.List) else [text]
    wrong = next((item for item in items if item not in choices), text)
    return f"{wrong!r} is not one of {', '.join(choices)}{nearest(wrong, choices)}"


def taken_in(group: str, value: object) -> set[str]:
    """The options that a value refers to by ``$name`` or ``$group.name``."""
    texts = value if isinstance(value, list | tuple) else [value]
    names = {
        name for text in texts if isinstance(text, str) and "$" in text
        for name in cfg.ConfigOpts.Template(text).get_identifiers()
    }
    return names | {f"{group}.{name}" for name in names} | {f"DEFAULT.{name}" for name in names}
