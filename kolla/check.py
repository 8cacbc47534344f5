"""What holds for the check of a container on this host."""

from kolla.settings import Settings
from kolla.spec import Spec

#: What ``[monitor]`` may say of it, by container.
OPTIONS = ("interval", "timeout", "retries", "grace")


def check_of(spec: Spec, settings: Settings) -> dict:
    """What its plugin says, unless the configuration says otherwise; times in seconds."""
    own = {option: settings.value("monitor", option) for option in OPTIONS}
    return spec.check | {
        option: by_container[spec.container]
        for option, by_container in own.items() if spec.container in by_container
    }
