"""The manual shows what kolla prints; with KOLLA_WRITE_DOCS=1 this writes what it shows."""

import os
import pathlib
import re

import pytest

from tests.unit.support import terminal
from tests.unit.support.story import Story, told

DOCS = pathlib.Path(__file__).parents[2] / "doc" / "source"
SAMPLES = DOCS / "samples" / "tutorial"
PICTURES = DOCS / "_static" / "terminal"
#: The commands that are used most, in pictures.
PICTURED = (
    "status", "tree", "check", "list", "plan", "upgrade", "history", "events", "diff", "show",
)
#: What differs from run to run: times, digests, numbers with their units.
CHANGING = re.compile(
    r"just now|\d+ \w+ ago|\b[0-9a-f]{12}\b|\d+(?:[.:]\d+)*(?: ?(?:ms|s|min|h|d)\b)?"
)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        story = Story(tmp_path_factory.mktemp("story"), monkeypatch)
        told(story)
        if os.environ.get("KOLLA_WRITE_DOCS"):
            write(story)
        yield story


def write(story: Story) -> None:
    for folder in (SAMPLES, PICTURES):
        folder.mkdir(parents=True, exist_ok=True)
    for name, shown in story.shown.items():
        (SAMPLES / f"{name}.txt").write_text("\n".join(each.text for each in shown))
    for name in PICTURED:
        terminal.picture(PICTURES / f"{name}.svg", "control1", *story.shown[name])
    first = [each for name in ("upgrade", "history") for each in story.shown[name]]
    terminal.picture(PICTURES / "landing.svg", "control1", *first)


def lasting(text: str) -> list[str]:
    """The lines without what changes; what is begun at the same time may end in any order."""
    whole = re.sub(rf"^(.{{{terminal.COLUMNS}}})\n", r"\1", text, flags=re.MULTILINE)
    lines = [CHANGING.sub("#", line) for line in whole.splitlines()]
    return sorted(re.sub(r"[-+|]{2,}|\s+", "", line) for line in lines)


def test_the_manual_shows_what_kolla_prints(story):
    for name, shown in story.shown.items():
        seen = "\n".join(each.text for each in shown)
        there = (SAMPLES / f"{name}.txt").read_text()
        assert lasting(there) == lasting(seen), (
            f"{name} has changed: KOLLA_WRITE_DOCS=1 pytest tests/unit/test_tutorial.py"
        )


def test_nothing_is_wider_than_a_terminal(story):
    for shown in story.shown.values():
        for each in shown:
            assert max(map(len, each.text.splitlines())) <= terminal.COLUMNS, each.line


def test_every_line_of_a_table_has_both_of_its_edges(story):
    lines = [line for shown in story.shown.values() for each in shown
             for line in each.text.splitlines() if line.startswith(("|", "+-"))]
    assert lines and not [line for line in lines if not line.endswith(("|", "-+"))]


def test_the_broken_upgrade_is_told_with_what_serves(story):
    (failed,) = story.shown["failure"]
    assert failed.exit_code == 1 and "generation 3 serves" in failed.text
