"""Values of the wrong type, and values that are missing."""

from collections.abc import Iterator

from kolla.errors import KollaError
from kolla.settings import passwords, values
from kolla.settings.loader import Settings
from kolla.settings.problems import Invalid, Problem
from kolla.settings.sources import normal_group


def wrong(settings: Settings) -> Iterator[Problem]:
    """Wrong values in every file, including values that a stronger source overrides."""
    for item in settings.sources.assignments():
        names = settings.options_by_file_name.get(normal_group(item.group), {})
        group, opt = names.get(item.option, ("", None))
        if opt and (flaw := values.flaw(opt, item.text)):
            yield item.problem(f"[{group}] {opt.dest}: {flaw}")
    for group, opts in settings.options.items():
        for name in opts:
            try:
                settings.value(group, name)
            except Invalid as error:
                yield from error.problems
            except KollaError:
                pass  # of a template that is reported as malformed


def missing_secrets(settings: Settings) -> Iterator[Problem]:
    """Missing secrets that containers of this host need before they can start."""
    if names := [f"[{group}] {option}" for group, option in passwords.missing(settings)]:
        path = passwords.path_in(settings.config_dir)
        message = f"no value is set for {', '.join(names)}; `kolla config passwords` makes them up"
        yield Problem(str(path), None, message)
    for group, option in passwords.to_be_brought(settings):
        message = f"[{group}] {option}: no value is set, and kolla cannot make it up"
        yield Problem(str(settings.config_dir / "kolla.conf"), None, message)


def missing(settings: Settings) -> Iterator[Problem]:
    for group, opts in settings.options.items():
        for name, opt in opts.items():
            if opt.required and settings.value(group, name) is None:
                file = settings.config_dir / "kolla.conf"
                yield Problem(str(file), None, f"[{group}] {name} has to be set")
