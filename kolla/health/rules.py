"""A container's effective check: the plugin's, with the overrides of ``[monitor]``."""

import dataclasses

from kolla.health.conditions import DEGRADED, HEALTHY, UNHEALTHY
from kolla.plugin import STRAINED, Check
from kolla.plugin.spec import Spec
from kolla.settings import Settings

#: The options of ``[monitor]`` that override a check, by container.
OPTIONS = ("interval", "timeout", "retries", "grace")


def status_of(exit_code: int) -> str:
    """The status that the exit code of a check stands for."""
    return {0: HEALTHY, STRAINED: DEGRADED}.get(exit_code, UNHEALTHY)


@dataclasses.dataclass(frozen=True)
class Rules:
    """How patient the monitor is with one container; all times are in seconds."""

    interval: float
    timeout: int
    #: How many failed checks in a row make it unhealthy.
    retries: int
    #: How long after its start its checks may fail until one has passed.
    grace: float
    #: The pause between a failed check and the next.
    retry_pause: float
    restarts_per_hour: int
    #: The pause before the second restart within an hour; it doubles with each further one.
    backoff: float
    backoff_max: float

    @property
    def patience(self) -> float:
        """How long an answer of a check stays valid."""
        return self.interval + self.retries * (self.timeout + self.retry_pause)


def check_of(spec: Spec, settings: Settings) -> Check:
    """The plugin's check with the overrides of the configuration; times in seconds."""
    own = {option: settings.value("monitor", option) for option in OPTIONS}
    return dataclasses.replace(spec.check, **{
        option: by_container[spec.container]
        for option, by_container in own.items() if spec.container in by_container
    })


def rules_for(spec: Spec, settings: Settings) -> Rules:
    check = check_of(spec, settings)
    return Rules(
        check.interval, check.timeout, check.retries, check.grace,
        min(settings.value("monitor", "retry_pause"), check.interval),
        settings.value("monitor", "restarts_per_hour"),
        settings.value("monitor", "backoff"), settings.value("monitor", "backoff_max"),
    )
