"""kolla-upgrade-check COMMAND: what ``COMMAND upgrade check`` of a project finds, in short.

It ends with 3 if there is only a warning, and with 1 after a failure.
"""

import re
import subprocess
import sys
from collections.abc import Iterator

from kolla_image.environment import databases, fail
from kolla_image.ledger import Ledger
from kolla_image.own_database import NotYet, opened
from kolla_image.phases import never_made

#: Exit codes of oslo.upgradecheck; others mean that it did not get as far.
SUCCESS, WARNING, FAILURE = range(3)
#: The exit code with which a task only warns.
WARNS = 3


def findings(table: str) -> Iterator[str]:
    """What is not a success in the table that is printed for people, each on one line."""
    cells = re.split(r"^\+[-+]*\+$", table, flags=re.M)
    for cell in cells:
        text = " ".join(line.strip("| ") for line in cell.strip().splitlines())
        found = re.fullmatch(r"Check: (.*) Result: (.*) Details: (.*)", " ".join(text.split()))
        if found and found[2] != "Success":
            check, result, details = found.groups()
            yield f"{result.lower()}: {check}: {details}"


def is_new() -> bool:
    """Whether the service has no database yet, or cannot get at it before its bootstrap."""
    try:
        with opened(databases()[0]) as connection:
            return never_made(Ledger(connection, {}, {}).state())
    except NotYet:
        return True


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: kolla-upgrade-check COMMAND")
    command = [sys.argv[1], "upgrade", "check"]
    if is_new():
        print(f"`{' '.join(command)}` has nothing to check yet")
        return
    ended = subprocess.run(
        ["kolla-run", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for finding in findings(ended.stdout):
        print(finding)
    if ended.returncode not in (SUCCESS, WARNING):
        if ended.returncode != FAILURE:
            print(ended.stdout, ended.stderr, sep="", file=sys.stderr)
        fail(f"`{' '.join(command)}` ended with exit code {ended.returncode}")
    if ended.returncode == WARNING:
        sys.exit(WARNS)
