"""Finds the place to blame for the value of a template."""

from kolla.plugin import Container
from kolla.settings import templates
from kolla.settings.loader import Settings
from kolla.settings.option_values import split
from kolla.settings.problems import Problem


def blame(settings: Settings, container: Container, template: str, message: str) -> Problem:
    """A problem at the option that the template refers to, else at the plugin."""
    for name in templates.references(template):
        return settings.blame(*split(name), message)
    return settings.blame_plugin(container, message)
