"""What the manual shows works: commands that read are run, and those that act are planned."""

from collections.abc import Iterator

import pytest

from kolla.cli.main import Kolla
from tests.functional.support.database import act
from tests.manual import PAGES, lines, words

#: Commands that change nothing.
READ = {
    "config sample", "config validate", "container check", "container diff",
    "container history", "container list", "container logs", "container show", "event list",
    "image list", "plan", "set check", "set tree", "status",
}
#: What the manual names and this cloud has.
HERE = {"all", "keystone", "openstack-interface"}
#: ``kolla plan --detailed-exitcode`` says so with it that something would change.
CHANGES = 2


def of_the_manual() -> list[tuple[str, ...]]:
    """Arguments of ``kolla``: what the manual does to what is here, and changes nothing."""
    kolla = Kolla()
    given = {tuple(words(line)) for page in PAGES for line in lines(page.read_text())}
    found = {harmless(kolla, arguments) for arguments in given if "exec" not in arguments}
    return sorted(arguments for arguments in found if arguments)


def harmless(kolla: Kolla, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The same, as a dry run where it acts; nothing if that is not possible, or not here."""
    options, rest = kolla.parser.parse_known_args(arguments)
    if not rest:
        return arguments
    command, name, left = kolla.command_manager.find_command(rest)
    told = vars(command(kolla, options, cmd_name=name).get_parser(name).parse_args(left))
    if not HERE.issuperset(told.get("names") or [told.get("name") or "all"]):
        return ()
    if any(word.startswith("/") for word in arguments) or not (name in READ or "dry_run" in told):
        return ()
    return arguments if name in READ or told["dry_run"] else (*arguments, "--dry-run")


@pytest.fixture(scope="module")
def generations(cloud) -> Iterator[tuple[str, str]]:
    """Keystone's former and its current one."""
    changed = cloud.deployment.configure(
        "[DEFAULT]\nrelease = 2026.2\n[keystone]\nworkers = 3\n", "30-manual"
    )
    upgraded = act(cloud.deployment, "upgrade", "keystone")
    yield str(upgraded["before"]), str(upgraded["after"])
    changed.unlink()
    act(cloud.deployment, "rollback", "keystone")


@pytest.mark.parametrize("arguments", of_the_manual(), ids=" ".join)
def test_a_command_of_the_manual_is_carried_out(cloud, generations, arguments):
    numbers = [word for word in arguments if word.isdigit()]
    real = dict(zip(numbers, generations[2 - len(numbers):]))
    done = cloud.deployment.kolla(*(real.get(word, word) for word in arguments), expect=None)
    expected = (0, CHANGES) if "--detailed-exitcode" in arguments else (0,)
    assert done.exit_code in expected, f"{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr
