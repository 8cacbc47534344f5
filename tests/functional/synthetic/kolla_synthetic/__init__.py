"""Containers for tests, which start in a moment and fail on demand.

Each writes what it does into ``/var/lib/synthetic/journal`` on its volume: ``start 3``,
``stop 3``, ``bootstrap 1``, ``expand 4`` … where the number is the generation. A worker that
finds another one at work writes ``conflict 4`` and ends.
"""

import dataclasses
import pathlib

from oslo_config import cfg

from kolla.plugin import (
    Check, Container, ContainerSet, File, Hold, Image, Listen, Strategy, Task, Volume, each_host,
    secret,
)

SYNTHETIC = ContainerSet("synthetic", "Services for tests, which fail on demand")

IMAGE = Image(
    "synthetic", folder=pathlib.Path(__file__).parent / "image", per_release=True
)

FAILURES = (
    "none", "exit", "check", "answer", "stop", "join", "drain", "may-stop",
    "bootstrap", "dump", "expand", "contract", "contract-waits", "before-rollback",
)


def failure_options(kind: str) -> tuple[cfg.Opt, ...]:
    return (
        cfg.StrOpt(
            f"{kind}_failure", default="none", choices=FAILURES,
            help="What goes wrong: it exits, fails its check, answers with 500, does not heed "
            "SIGTERM, cannot join or drain, forbids that it is stopped, or a task of that name "
            "fails (or waits for another host).",
        ),
        cfg.FloatOpt(
            f"{kind}_failure_after", default=0,
            help="Seconds from its start until exit, check or answer go wrong.",
        ),
        cfg.FloatOpt(
            f"{kind}_start_delay", default=0, help="Seconds until it can be asked anything.",
        ),
    )


OPTIONS = {
    "synthetic": (
        cfg.StrOpt(
            "address", default="${host.address}", help="The address synthetic-http listens on.",
        ),
        cfg.PortOpt("port", default=18999, help="The port of that address."),
        cfg.StrOpt("file", help="A file that synthetic-http gets as /etc/synthetic/file."),
        secret("password", help="A secret that synthetic-worker gets."),
        *failure_options("http"),
        *failure_options("worker"),
        *failure_options("agent"),
        *failure_options("database"),
        *failure_options("front"),
    ),
}


def environment(kind: str) -> dict[str, str]:
    return {
        "KOLLA_FAILURE": f"${{synthetic.{kind}_failure}}",
        "KOLLA_FAILURE_AFTER": f"${{synthetic.{kind}_failure_after}}",
        "KOLLA_START_DELAY": f"${{synthetic.{kind}_start_delay}}",
    }


def tasks(phase: str) -> tuple[Task, ...]:
    return (Task(phase, ("kolla-task", phase), timeout=30),)


def container(kind: str, **differences) -> Container:
    return Container(
        name=f"synthetic-{kind}",
        parent="synthetic",
        image=IMAGE,
        user=42999,
        command=("kolla-start", kind),
        volumes=(Volume(f"synthetic-{kind}", "/var/lib/synthetic"),),
        check=Check(interval=1, timeout=5, retries=2, grace=5),
        dump=tasks("dump"),
        expand=tasks("expand"),
        contract=tasks("contract"),
        before_rollback=tasks("before-rollback"),
        on_demand=tasks("purge"),
        stop_grace=5,
        options=OPTIONS,
        **differences,
    )


HTTP = container(
    "http",
    summary="Answers with its generation, and hands over",
    strategy=Strategy.HANDOVER,
    environment={
        "KOLLA_ADDRESS": "${synthetic.address}",
        "KOLLA_PORT": "${synthetic.port}",
        **environment("http"),
    },
    listens=(Listen("${synthetic.address}", "${synthetic.port}", balanced="http"),),
    files=(File("/etc/synthetic/file", option="synthetic.file"),),
    bootstrap=tasks("bootstrap"),
    drain=("kolla-drain",),
    drain_grace=30,
)

WORKER = container(
    "worker",
    summary="Tolerates no second one at the same time, and is replaced",
    strategy=Strategy.REPLACE,
    environment={"KOLLA_PASSWORD": "${synthetic.password}", **environment("worker")},
    bootstrap=(
        Task(
            "bootstrap", ("kolla-task", "bootstrap"), timeout=30,
            environment={"KOLLA_BOOTSTRAP_PASSWORD": "${synthetic.password}"},
        ),
    ),
)

#: Optional, so that the tests of the two others find no third.
RELIEF = container(
    "agent",
    summary="Loads beside the one before it, and relieves it",
    strategy=Strategy.RELIEVE,
    optional=True,
    environment=environment("agent"),
    may_stop=("kolla-may-stop",),
    drain=("kolla-drain",),
    drain_grace=30,
)

HELD = ContainerSet("held", "A front whose requests wait while its database is replaced")


def held(kind: str, **differences) -> Container:
    return dataclasses.replace(
        container(kind, strategy=Strategy.REPLACE, environment=environment(kind), **differences),
        parent="held",
        command=("kolla-start", "worker"),
    )


DATABASE = held("database", summary="A worker that another container requires")
#: A file says that requests wait; it goes by itself, whatever becomes of kolla.
FRONT = held(
    "front",
    summary="Has its requests wait while the database is replaced",
    requires=("synthetic-database",),
    listens=(Listen("${synthetic.address}", "18990"),),
    hold=Hold(
        command=("sh", "-c", 'touch /run/kolla/held-"$1"; '
                 '(sleep 6; rm -f /run/kolla/held-"$1") < /dev/null > /dev/null 2>&1 &', "hold"),
        resume=("sh", "-c", 'rm -f /run/kolla/held-"$1"', "resume"),
    ),
)

PAIR = ContainerSet("pair", "Two containers that are one software")


def member(name: str, **differences) -> Container:
    return dataclasses.replace(
        WORKER,
        name=f"pair-{name}",
        parent="pair",
        summary=f"The {name} of two",
        project="pair",
        environment={
            "KOLLA_FAILURE": f"${{pair.{name}_failure}}",
            "KOLLA_FAILURE_AFTER": "0",
            "KOLLA_START_DELAY": "0",
        },
        volumes=(Volume(f"pair-{name}", "/var/lib/synthetic"),),
        bootstrap=(),
        options={"pair": (
            cfg.StrOpt(f"{name}_failure", default="none", choices=FAILURES,
                       help="What goes wrong."),
        )},
        **differences,
    )


LEAD = member("lead")
#: It has nothing to prepare its way back with: that is done in the place of the lead.
AGENT = member(
    "agent", follows=("pair-lead",),
    before_rollback=(
        Task("before-rollback", ("kolla-task", "before-rollback"), timeout=30, of="pair-lead"),
    ),
)

HOSTS = ContainerSet("hosts", "One software on several hosts")
#: Behind an address that moves, told of all of them, and set up by the first.
MEMBER_OF_HOSTS = dataclasses.replace(
    HTTP,
    name="hosts-http",
    parent="hosts",
    summary="Answers at an address that moves between hosts",
    environment={
        **HTTP.environment,
        "KOLLA_ADDRESS": "${hosts.address}",
        "KOLLA_PEERS": "${hosts.peers}",
    },
    listens=(Listen("${hosts.address}", "${synthetic.port}", floating=True),),
    volumes=(Volume("hosts-http", "/var/lib/synthetic"),),
    bootstrap=(Task("bootstrap", ("kolla-task", "bootstrap"), timeout=30, first=True),),
    options={**OPTIONS, "hosts": (
        cfg.StrOpt("address", default="${host.address}", help="The address that moves."),
        each_host("peers", "hosts-http", "${host.name}=${host.address}", help="All of them."),
    )},
)
