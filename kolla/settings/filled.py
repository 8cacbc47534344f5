"""Texts in the place of options, which another engine than this host's replaces."""

import dataclasses
from collections.abc import Mapping

from oslo_config import cfg

from kolla.plugin.declarations.hosts import EachHost
from kolla.settings import sources, values

Options = Mapping[str, Mapping[str, cfg.Opt]]


def filled(
    options: Options, found: sources.Sources, texts: Mapping[str, str]
) -> tuple[Options, sources.Sources]:
    """Options and sources in which some options (``group.option``) have other texts.

    These options, and those whose values include one of them, take any text: no address is
    known yet.
    """
    affected = _affected(options, found, set(texts))
    opened = {
        group: {
            name: _opened(opt) if f"{group}.{opt.dest}" in affected else opt
            for name, opt in known.items()
        }
        for group, known in options.items()
    }
    literal = {name: text.replace("$", r"\$") for name, text in texts.items()}
    overrides = {**found.overrides, **literal}
    return opened, dataclasses.replace(found, overrides=overrides)


def _opened(opt: cfg.Opt) -> cfg.Opt:
    return cfg.StrOpt(opt.dest, default=opt.default)


def _affected(options: Options, found: sources.Sources, names: set[str]) -> set[str]:
    """These options, and all whose values include one of them."""
    taken_in = {
        f"{group}.{opt.dest}": values.taken_in(group, _value(found, group, opt))
        for group, known in options.items() for opt in known.values()
        if not opt.secret and not isinstance(opt, EachHost)  # those are of all hosts
    }
    more = {name for name, inside in taken_in.items() if inside & names}
    return names if more <= names else _affected(options, found, names | more)


def _value(found: sources.Sources, group: str, opt: cfg.Opt) -> object:
    origin = found.find(group, opt)
    return origin.values[-1] if origin else opt.default
