"""Whom a template's value is due to."""

from kolla.plugin import Container
from kolla.settings import templates
from kolla.settings.problems import Problem


def blame(settings, container: Container, template: str, message: str) -> Problem:
    """At the option that the template takes its value from, else at the plugin."""
    for name in templates.references(template):
        return settings.blame(*split(name), message)
    return settings.blame_plugin(container, message)


def split(name: str) -> tuple[str, str]:
    """Group and option of ``group.option``."""
    group, _, option = name.partition(".")
    return group, option
