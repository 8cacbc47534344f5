"""kolla-schema: the phases in the life of the database of a service, on any of its hosts.

What a phase runs is in the image: ``KOLLA_SCHEMA_SYNC`` makes the schema of an empty
database, ``KOLLA_SCHEMA_EXPAND`` and ``KOLLA_SCHEMA_CONTRACT`` change that of a running
service; commands with a semicolon between them. ``KOLLA_SCHEMA_DATABASES`` names the variables
that hold the URLs of its databases, ``OS_DATABASE__CONNECTION`` if it is not set.
"""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable

from kolla_image import phases
from kolla_image import dump as dumps
from kolla_image.environment import fail, patience, require, who
from kolla_image.ledger import Ledger, connected

#: Exit code of a contract that other hosts hold up (EX_TEMPFAIL of sysexits.h).
WAITS = 75
#: A change of a table waits for the transactions that use it, and all later ones wait for the
#: change. The default limit is a day.
PATIENCE = "SET SESSION lock_wait_timeout = 20"


def bootstrap(ledger: Ledger, who: dict[str, str]) -> None:
    """Before a first start, and whenever a secret is rotated; others may be earlier."""
    state = ledger.state()
    phases.refuse_older(state, who["release"])
    if phases.never_made(state):
        run(ledger, "SYNC", "expand", "contract")
    elif done := phases.nothing_to_expand(state, who["release"], who["version"]):
        print(done)
    else:
        if "KOLLA_DUMPS_KEPT" in os.environ:
            dump(ledger, who)
        run(ledger, "EXPAND", "expand")
    # A new database has no earlier release to go back to.
    new = _member(who) not in state.members
    confirmed = new or phases.confirmed_already(state, *_member(who), who["release"])
    ledger.say(who["release"], confirmed)


def dump(ledger: Ledger, who: dict[str, str]) -> None:
    """Before the schema changes: a copy of the data as it is."""
    state = ledger.state()
    if done := phases.nothing_to_dump(state, who["release"], who["version"]):
        print(done)
        return
    known = state.members.get(_member(who)) or state.steps.get("expand")
    release = known.release if known else "unknown"
    print("the database is dumped to", dumps.dump(ledger.connection, ledger.urls, release))


def expand(ledger: Ledger, who: dict[str, str]) -> None:
    """Before an upgrade, while the earlier release serves."""
    state = ledger.state()
    phases.refuse_older(state, who["release"])
    if done := phases.nothing_to_expand(state, who["release"], who["version"]):
        print(done)
    else:
        run(ledger, "EXPAND", "expand")
    confirmed = phases.confirmed_already(state, *_member(who), who["release"])
    ledger.say(who["release"], confirmed)


def contract(ledger: Ledger, who: dict[str, str]) -> None:
    """Once this container has confirmed the release; it is done when the last one has."""
    ledger.say(who["release"], confirmed=True)
    state = ledger.state()
    if done := phases.nothing_to_contract(state, who["release"], who["version"]):
        print(done)
    elif others := phases.held_up_by(state, who["release"]):
        print("the schema is contracted later, it waits for", ", ".join(map(str, others)))
        sys.exit(WAITS)
    else:
        run(ledger, "CONTRACT", "contract")


def before_rollback(ledger: Ledger, who: dict[str, str]) -> None:
    """Before this container goes back to an earlier release."""
    target = require("KOLLA_TARGET_RELEASE")
    phases.refuse_older(ledger.state(), target)
    ledger.say(target, confirmed=False)


def status(ledger: Ledger, who: dict[str, str]) -> None:
    """What the ledger holds."""
    state = ledger.state()
    for member in state.members.values():
        print(f"{member}, since {member.since:%Y-%m-%d %H:%M} UTC")
    for phase in ("expand", "contract"):
        if phase in state.steps:
            print(phase, f"{state.steps[phase]}{': not done' * state.interrupted(phase)}")


def forget(ledger: Ledger, who: dict[str, str], host: str, container: str | None) -> None:
    """A host, or a container of it, that is gone for good no longer holds up the others."""
    known = ledger.state().members
    gone = [key for key in known if key[0] == host and container in (None, key[1])]
    if not gone:
        wanted = f"{container} on {host}" if container else f"host {host}"
        fail(f"there is no {wanted}, only {', '.join(_named(known)) or 'none'}")
    for key in gone:
        ledger.forget(*key)
    print(f"forgotten: {', '.join(_named(gone))}")
    state = ledger.state()
    if not phases.held_up_by(state, who["release"]) and not phases.nothing_to_contract(
        state, who["release"], who["version"]
    ):
        print(f"it was the last one: `kolla-schema contract` contracts for {who['release']}")


def _member(who: dict[str, str]) -> tuple[str, str]:
    return who["host"], who["container"]


def _named(members: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{container} on {host}" for host, container in members]


def run(ledger: Ledger, commands: str, *steps: str) -> None:
    """Run commands of the service, and record them: begun before, done after."""
    interrupted = any(ledger.state().interrupted(step) for step in steps)
    wrapper = ["kolla-run"]
    if interrupted:
        wrapper += [sys.executable, "-m", "kolla_image.repeat"]
    patient = {
        variable: url.update_query_dict({"init_command": PATIENCE})
        for variable, url in ledger.urls.items()
    }
    environment = os.environ | {
        variable: url.render_as_string(hide_password=False) for variable, url in patient.items()
    }
    for step in steps:
        ledger.begin(step)
    for command in require(f"KOLLA_SCHEMA_{commands}").split(";"):
        print(f"kolla-schema: {command.strip()}", flush=True)
        ended = subprocess.run([*wrapper, *shlex.split(command)], env=environment)
        if ended.returncode:
            fail(f"`{command.strip()}` ended with exit code {ended.returncode}")
    for step in steps:
        ledger.finish(step)


PHASES = {
    "bootstrap": bootstrap, "dump": dump, "expand": expand, "contract": contract,
    "before-rollback": before_rollback, "status": status, "forget": forget,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="phase", required=True)
    for name, phase in PHASES.items():
        command = commands.add_parser(name, help=phase.__doc__.splitlines()[0])
        if phase is forget:
            command.add_argument("host")
            command.add_argument("container", nargs="?")
    arguments = vars(parser.parse_args())
    phase = PHASES[arguments.pop("phase")]
    me = who()
    with connected(me, None if phase is status else patience()) as ledger:
        try:
            phase(ledger, me, **arguments)
        except phases.Refused as refusal:
            fail(str(refusal))
