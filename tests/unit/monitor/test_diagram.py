"""The state diagram of the documentation shows what the policy does."""

import copy
import functools
import itertools
import pathlib
from xml.etree import ElementTree

from kolla.health import conditions
from kolla.health.rules import Rules
from kolla.monitor import policy
from kolla.monitor.memory import Memory
from kolla.monitor.policy import Remedy, Surroundings

DIAGRAM = pathlib.Path(__file__).parents[3] / "doc" / "source" / "_static" / "monitor.svg"
STATES = {
    conditions.HEALTHY, conditions.STARTING, conditions.DEGRADED, conditions.UNHEALTHY,
    conditions.FAILED, conditions.PAUSED, conditions.UNKNOWN,
}
NOW = 10_000.0
RULES = Rules(
    interval=10, timeout=1, retries=2, grace=60, retry_pause=1, restarts_per_hour=1, backoff=10,
    backoff_max=10,
)
AROUND = (
    Surroundings(), Surroundings(ill="database"), Surroundings(unsure=("database",)),
    Surroundings(probation=True),
)
#: What may happen to a container, by the name it has in the diagram.
EVENTS = [
    ("passed", lambda memory: policy.passed(memory, RULES, NOW)),
    ("strained", lambda memory: policy.strained(memory, "", RULES, NOW)),
    ("paused", lambda memory: policy.paused(memory, NOW)),
    ("unable", lambda memory: policy.unable(memory, "", True, RULES, NOW)),
    *((name, lambda memory, judge=judge, around=around: judge(memory, "", around, RULES, NOW))
      for name, judge in (("failed", policy.failed), ("missing", policy.missing),
                          ("died", lambda memory, *given: policy.died(memory, 1, *given)))
      for around in AROUND),
]


def memories():
    """A container in every state, with every past that makes a difference."""
    yield from (
        Memory(
            1, started=started, since=0.0, status=status, failures=failures, awake=awake,
            given_up=given_up, restarts=[NOW - 1] * restarts, deaths=[NOW - 1] * restarts,
        )
        for status, started, failures, awake, given_up, restarts in itertools.product(
            sorted(STATES), (NOW - 1, 0.0), (0, 1), (False, True), (False, True), (0, 2)
        )
    )


@functools.cache
def reached() -> set[tuple[str, str, str, Remedy]]:
    """All that the policy does: what happened, the states before and after, and the remedy."""
    found = set()
    for before, (name, happen) in itertools.product(memories(), EVENTS):
        memory = copy.deepcopy(before)
        remedy = happen(memory)
        found.add((name, before.status, memory.status, remedy))
    return found


def drawn(*attributes: str) -> list[tuple[str, ...]]:
    """The values of these attributes, of everything in the diagram that has all of them."""
    names = [f"data-{attribute}" for attribute in attributes]
    return [
        tuple(element.get(name, "") for name in names)
        for element in ElementTree.parse(DIAGRAM).iter()
        if element.attrib.keys() >= set(names)
    ]


def test_the_diagram_has_the_states_of_the_policy_and_no_others():
    assert {name for name, in drawn("state")} == STATES
    assert {after for _, _, after, _ in reached()} == STATES


def test_the_diagram_has_the_remedies_of_the_policy_and_no_others():
    assert {name for name, in drawn("remedy")} == {each.name for each in Remedy} - {"NOTHING"}
    assert {remedy for *_, remedy in reached()} == set(Remedy)


def test_each_event_leads_to_the_states_that_the_diagram_shows():
    expected = {
        (event, after) for event, before, after, remedy in reached()
        # What is given up for its checks is unhealthy first.
        if after != before and (remedy is not Remedy.GIVE_UP or event == "died")
    }
    shown = {(event, to) for events, to in drawn("on", "to") for event in events.split()}
    assert shown - {("begin", "starting")} == expected


def test_the_monitor_acts_on_what_is_unhealthy_as_the_diagram_shows():
    acting = {(name, origin, to) for name, origin, to in drawn("remedy", "from", "to")}
    assert acting == {
        ("RESTART", "unhealthy", "starting"), ("ROLL_BACK", "unhealthy", "rolled back"),
        ("GIVE_UP", "unhealthy", "failed"), ("RESUME", "failed", "healthy"),
    }
    memory = Memory(1, started=0.0, status="unhealthy")
    policy.restarted(memory, "", RULES, NOW, jitter=1)
    assert memory.status == "starting"
