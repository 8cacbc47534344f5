"""Plans in words: sentences, values, book-keeping, and exit codes."""

import io
import pathlib

import pytest

from kolla.cli import plans, steps
from kolla.cli.base import folded
from kolla.plans.differences import Difference
from kolla.plans.plan import Do, Kind, Operation, Plan
from tests.unit.support.factory import make_spec
from tests.unit.support.terminal import Terminal

OPERATIONS = pathlib.Path(__file__).parents[3] / "doc" / "source" / "operations.rst"


def make_plan(*kinds: Do, **fields) -> Plan:
    operations = tuple(Operation(kind, "web", 2) for kind in kinds)
    values = {"spec": make_spec(), "before": 1, "after": 2, **fields}
    return Plan("web", Kind.UPGRADE, operations, **values)


def read(plan: Plan, everything: bool = False) -> list[str]:
    return plans.text({"web": plan}, everything).splitlines()


def test_each_step_is_a_sentence_and_book_keeping_is_one_line():
    plan = make_plan(Do.RECORD, Do.CREATE, Do.START, Do.CHECK, Do.COMMIT, Do.KEEP)
    assert read(plan) == [
        "web: upgrade, generation 1 -> 2",
        "  [2] create web-g2 on the engine",
        "  [3] start web-g2",
        "  [4] check web-g2 until it is healthy",
        "  [5] commit web-g2: from now on it is the current generation",
        "  and 2 steps of book-keeping (-v shows all)",
    ]
    everything = read(plan, everything=True)
    assert everything[1] == "  [1] record web-g2 as the next generation"
    assert len(everything) == 7


def test_a_plan_of_book_keeping_alone_is_shown():
    assert read(make_plan(Do.SETTLE))[1] == "  [1] settle: record that nothing is left to do"


@pytest.mark.parametrize("old, new, said", [
    ("2", "3", "environment: A 2 -> 3"), (None, "3", "environment: A added (3)"),
    ("2", None, "environment: A removed (2)"), ("x" * 50, "3", "environment: A changed"),
    ("one\ntwo", "3", "environment: A changed"), ("", "3", "environment: A changed"),
    ("a://b:secret@c", "3", "environment: A changed"),
])
def test_reasons_have_the_values_unless_they_are_long_or_secret(old, new, said):
    change = Difference("environment", "A", old, new)
    plan = make_plan(Do.CREATE, reasons=(str(change),), changes=(change,))
    assert read(plan)[1] == f"  because {said}"


def test_programs_are_not_shown_what_looks_like_a_secret():
    change = Difference("environment", "A", "a://b:secret@c", None)
    row = plans.rows({"web": make_plan(Do.CREATE, changes=(change,))}, {})[0]
    assert row[-1].machine_readable() == [
        {"what": "environment", "name": "A", "old": "****", "new": None}]


def test_what_has_nothing_to_do_has_no_action():
    assert plans.rows({"web": make_plan()}, {})[0][1] == "none"
    assert read(make_plan()) == ["web: nothing to do"]


def test_what_cannot_be_done_is_told_once_with_its_hint():
    assert read(make_plan(blocked="web: it is older\n`kolla x` goes back")) == [
        "web: cannot be done: it is older", "  `kolla x` goes back"]


@pytest.mark.parametrize("kind", Do)
def test_every_step_has_a_sentence_and_is_in_the_glossary(kind):
    told = steps.sentence(Operation(kind, "web", 2, task="migrate"))
    assert "{" not in told and told[0].islower()
    assert f"``{kind}``" in OPERATIONS.read_text()


@pytest.mark.parametrize("found, options, code", [
    (make_plan(), [], 0), (make_plan(Do.CREATE), [], 0), (make_plan(blocked="no"), [], 1),
    (make_plan(), ["--detailed-exitcode"], 0),
    (make_plan(Do.CREATE), ["--detailed-exitcode"], 2),
    (make_plan(blocked="no"), ["--detailed-exitcode"], 1),
])
def test_the_exit_code_tells_whether_something_changes_or_cannot(
    kolla, monkeypatch, found, options, code
):
    monkeypatch.setattr("kolla.actions.run.plan", lambda *given: {"web": found})
    assert kolla("plan", *options).code == code


@pytest.mark.parametrize("name, value, hidden", [
    ("OS_DATABASE__CONNECTION", "mysql://nova:hunter2@db/nova", True),
    ("OS_DATABASE__CONNECTION", "mysql://nova:${nova.password}@db/nova", False),
    ("OS_KEYSTONE__PASSWORD", "hunter2", True),
    ("OS_KEYSTONE__PASSWORD", "${keystone.password}", False),
    ("KOLLA_WORKERS", "2", False),
])
def test_a_value_that_looks_like_a_secret_is_known_as_one(name, value, hidden):
    assert plans.hidden(Difference("environment", name, None, value)) is hidden


def test_a_plan_fits_a_terminal_and_is_one_line_for_each_step_elsewhere(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = plans.text({"web": make_plan(Do.CREATE, reasons=("word " * 30,))})
    narrow = folded(text, Terminal()).splitlines()
    assert max(map(len, narrow)) <= 80 and narrow[2].startswith("    word")
    assert len(folded(text, io.StringIO()).splitlines()) == 3
