"""The manual is true: its commands parse, and the messages it explains are in the code."""

import re

import pytest

from kolla.cli.main import Kolla
from kolla.errors import KollaError
from tests.functional.cloud.test_manual import of_the_manual
from tests.functional.test_manual_story import ELSEWHERE, STORY
from tests.manual import PAGES, ROOT, lines, named, words


def understood(kolla: Kolla, line: str, complete: bool) -> None:
    """Raise KollaError for what ``kolla`` would refuse as wrong usage."""
    given = words(line)
    end = given.index("--") if "--" in given else len(given)
    options, rest = kolla.parser.parse_known_args(given[:end])
    rest += given[end:]
    if options.help or options.version or not rest:
        return
    manager = kolla.command_manager
    if len(rest) == 1 and manager.summaries(rest[0]) and not complete:
        return  # a noun
    command, name, arguments = manager.find_command(rest)
    if command is not None and "--help" not in arguments:
        parser = command(kolla, options, cmd_name=name).get_parser(f"kolla {name}")
        if complete:
            parser.parse_args(arguments)
        else:
            told = {word.partition("=")[0] for word in arguments if word.startswith("-")}
            unknown = told - {*parser.options(), *kolla.parser.options(), "--"}
            assert not unknown, f"`{line}` has no {', '.join(sorted(unknown))}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_one_that_kolla_has(page):
    text, kolla, wrong = page.read_text(), Kolla(), []
    for line, complete in [*((line, True) for line in lines(text)),
                           *((line, False) for line in named(text))]:
        try:
            understood(kolla, line, complete)
        except (KollaError, AssertionError, ValueError) as error:
            wrong.append(f"`{line}`: {error}")
    assert not wrong, "\n".join(wrong)


def test_the_commands_of_the_manual_are_found():
    text = (ROOT / "doc/source/operations.rst").read_text()
    assert "kolla container upgrade keystone --follow-config" in lines(text)
    assert "kolla container rollback" not in lines(text)
    assert "kolla container upgrade NAME --release RELEASE" in named(text)


def test_every_command_line_is_carried_out_or_it_says_where_and_why_not():
    given = {tuple(words(line)) for page in PAGES for line in lines(page.read_text())}
    read = {told for told in of_the_manual() if told[-1] != "--dry-run"}
    acted = {tuple(words(line)) for _, line in STORY}
    elsewhere = {tuple(words(line)) for line in ELSEWHERE}
    assert given - read - acted == elsewhere
    assert acted <= given


@pytest.mark.parametrize("line, complete", [
    ("kolla container lst", True), ("kolla set upgrade --releas 2026.2", True),
    ("kolla container show", True), ("kolla set upgrade --no-such", False),
])
def test_a_command_that_kolla_has_not_is_found_out(line, complete):
    with pytest.raises((KollaError, AssertionError)):
        understood(Kolla(), line, complete)


def test_every_message_that_is_explained_is_in_the_code():
    source = "".join(path.read_text() for path in sorted((ROOT / "kolla").rglob("*.py")))
    source = re.sub(r'"\s*\n\s*f?"', "", source)
    page = (ROOT / "doc/source/troubleshooting.rst").read_text()
    told = [title for title, line in re.findall(r"^(``.*)\n(-+)$", page, re.MULTILINE)]
    assert len(told) > 15
    for title in told:
        message = re.match("``(.*?)``", title)[1]
        missing = [part for part in message.split("…") if part.strip() not in source]
        known = title.startswith(("``docker", "``openstack"))
        assert known or not missing, f"{title}: no message has {missing}; mend the page"
