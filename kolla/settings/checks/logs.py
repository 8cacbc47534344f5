"""Log drivers that do not exist, and options that a driver does not have."""

from collections.abc import Iterator

from kolla.backends import log_drivers
from kolla.errors import nearest
from kolla.settings.loader import Settings
from kolla.settings.problems import Problem
from kolla.settings.services import is_secret


def unknown_driver(settings: Settings) -> Iterator[Problem]:
    """A misspelt log driver; any other unknown one may be a plugin of the engine."""
    driver = settings.value("logs", "driver")
    near = nearest(driver, log_drivers.PLACES)
    if driver not in log_drivers.PLACES and (near or not driver):
        yield settings.blame("logs", "driver", f"there is no log driver {driver!r}{near}")


def unknown_options(settings: Settings) -> Iterator[Problem]:
    if settings.is_secret("logs", "driver_options"):
        flaw = "takes in a secret, which would be seen by whoever looks at a container"
        yield settings.blame("logs", "driver_options", flaw)
        return
    driver = settings.value("logs", "driver")
    known = log_drivers.OPTIONS.get(driver)
    for option, text in settings.value("logs", "driver_options").items():
        flaw = ""
        if option in ("max-size", "max-file"):
            flaw = f"{option} is set with [logs] max_size and max_files"
        elif is_secret(option, text) and option not in log_drivers.PATHS:
            flaw = f"{option} is a secret, and would be seen by whoever looks at a container"
        elif known is not None and option not in known:
            flaw = f"the log driver {driver} has no option {option!r}{nearest(option, known)}"
        if flaw:
            yield settings.blame("logs", "driver_options", flaw)
