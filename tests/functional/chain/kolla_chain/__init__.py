"""Three workers: the second requires the first, the third the second. And hooks.

The third confirms itself when it has survived its probation.
"""

import dataclasses
import os
import time

from oslo_config import cfg

from kolla.plugin import Container, ContainerSet, Event, Volume
from kolla_synthetic import FAILURES, WORKER

CHAIN = ContainerSet("chain", "Services that require each other")


def link(name: str, *requires: str) -> Container:
    options = (
        cfg.StrOpt(f"{name}_failure", default="none", choices=FAILURES, help="What goes wrong."),
        cfg.IntOpt("number", default=1, help="Something that all three get."),
    )
    return dataclasses.replace(
        WORKER,
        name=f"chain-{name}",
        parent="chain",
        summary=f"The {name} of three",
        environment={
            "KOLLA_FAILURE": f"${{chain.{name}_failure}}",
            "KOLLA_FAILURE_AFTER": "0",
            "KOLLA_START_DELAY": "0",
            "KOLLA_NUMBER": "${chain.number}",
        },
        volumes=(Volume(f"chain-{name}", "/var/lib/synthetic"),),
        bootstrap=(),
        requires=requires,
        options={"chain": options},
    )


FIRST = link("first")
SECOND = link("second", "chain-first")
THIRD = dataclasses.replace(link("third", "chain-second"), confirms_itself=True)


def note(event: Event) -> None:
    """Add a line to the file that an environment variable names."""
    with open(os.environ["KOLLA_TEST_NOTES"], "a") as notes:
        print(event.kind, event.container, event.set, event.generation, event.outcome, file=notes)


def broken(event: Event) -> None:
    raise RuntimeError("this hook is broken")


def hangs(event: Event) -> None:
    time.sleep(3600)
