"""Validates texts as values of options."""

import re

from oslo_config import cfg, types

from kolla.errors import nearest

#: What only says once more, or in the words of Python, that a value is of another type.
_SAID_AGAIN = re.compile(
    "invalid literal|could not convert|does not appear to be|is not IPv4 or IPv6 address"
)


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
    if opt.secret:
        return f"is not a valid {_name_of(opt.type)}"
    # oslo.config wraps the type's own message, which quotes what replaced a dollar sign:
    # that may be a secret.
    if "$" in text:
        return f"{text!r} is not a valid {_name_of(opt.type)}"
    reason = str(error.__context__ or error)
    return _wrong_item(opt.type, text) or _misfit(opt.type, text, reason)


def _wrong_item(kind: types.ConfigType, text: str) -> str:
    """The problem of the first wrong item of a list; empty if there is none."""
    if not isinstance(kind, types.List):
        return ""
    for item in map(str.strip, text.split(",")):
        try:
            kind.item_type(item)
        except ValueError as error:
            return _misfit(kind.item_type, item, str(error))
    return ""


def _misfit(kind: types.ConfigType, text: str, reason: str) -> str:
    choices = [choice for choice in getattr(kind, "choices", None) or () if choice]
    if choices:
        return f"{text!r} is not one of {', '.join(choices)}{nearest(text, choices)}"
    detail = "" if _SAID_AGAIN.search(reason) else f": {reason}"
    return f"{text!r} is not a valid {_name_of(kind)}{detail}"


def _name_of(kind: types.ConfigType) -> str:
    if isinstance(kind, types.Dict):
        return f"list of NAME:{_name_of(kind.value_type).upper()}"
    return kind.type_name.removesuffix(" value")


def taken_in(group: str, value: object) -> set[str]:
    """The options that a value refers to by ``$name`` or ``$group.name``."""
    texts = value if isinstance(value, list | tuple) else [value]
    names = {
        name for text in texts if isinstance(text, str) and "$" in text
        for name in cfg.ConfigOpts.Template(text).get_identifiers()
    }
    return names | {f"{group}.{name}" for name in names} | {f"DEFAULT.{name}" for name in names}
