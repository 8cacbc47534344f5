"""What holds for the check of a container on this host."""

import dataclasses

from kolla.health.conditions import DEGRADED, HEALTHY, UNHEALTHY
from kolla.plugin import Check
from kolla.plugin.spec import Spec
from kolla.settings import Settings

#: What ``[monitor]`` may say of it, by container.
OPTIONS = ("interval", "timeout", "retries", "grace")
#: Exit code of a check (EX_TEMPFAIL of sysexits.h): the container itself works, but what it
#: depends on does not, or it has too much to do. A restart would not help.
STRAINED = 75


def status_of(exit_code: int) -> str:
    """What a check says with its exit code."""
    return {0: HEALTHY, STRAINED: DEGRADED}.get(exit_code, UNHEALTHY)


@dataclasses.dataclass(frozen=True)
class Rules:
    """How patient the monitor is with one container."""

    interval: float
    timeout: float
    #: So many failed checks in a row make it unhealthy.
    retries: int
    #: From its start to the first check that passes.
    grace: float
    #: Between a failed check and the next.
    retry_pause: float
    restarts_per_hour: int
    #: Before the second restart, doubled for each further one.
    backoff: float
    backoff_max: float

    @property
    def patience(self) -> float:
        """How long the last answer of a check is worth anything."""
        return self.interval + self.retries * (self.timeout + self.retry_pause)


def check_of(spec: Spec, settings: Settings) -> Check:
    """What its plugin says, unless the configuration says otherwise; times in seconds."""
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
