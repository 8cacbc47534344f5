"""kolla's configuration: its sources, its values, and its problems."""

from kolla.settings.loader import DEFAULT_CONFIG_DIR, Settings
from kolla.settings.problems import Invalid, Problem
from kolla.settings.services import ServiceOption

__all__ = ["DEFAULT_CONFIG_DIR", "Invalid", "Problem", "ServiceOption", "Settings"]
