"""What the monitor makes of answers: no storm, no false restart, no forgotten container."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kolla.health.conditions import DEGRADED, FAILED, HEALTHY, PAUSED, STARTING, UNHEALTHY, UNKNOWN
from kolla.monitor import policy
from kolla.monitor.memory import HOUR, Memory
from kolla.monitor.policy import Remedy, Surroundings
from tests.unit.support.factory import RULES

ALONE = Surroundings()


def awake(now: float = 100) -> Memory:
    memory = Memory(7, started=0)
    policy.passed(memory, RULES, now)
    return memory


def fail(memory: Memory, now: float, around: Surroundings = ALONE, times: int = 1) -> Remedy:
    for _ in range(times):
        remedy = policy.failed(memory, "feels sick", around, RULES, now)
    return remedy


def test_only_so_many_failures_in_a_row_make_it_unhealthy():
    memory = awake()
    assert fail(memory, 101, times=2) is Remedy.NOTHING and memory.status == HEALTHY
    policy.passed(memory, RULES, 102)
    assert fail(memory, 103, times=2) is Remedy.NOTHING
    assert fail(memory, 104) is Remedy.RESTART and memory.status == UNHEALTHY


def test_what_has_not_come_up_yet_is_starting_until_its_grace_is_over():
    memory = Memory(7, started=0)
    assert fail(memory, 59, times=10) is Remedy.NOTHING and memory.status == STARTING
    assert fail(memory, 61, times=3) is Remedy.RESTART


def test_one_pass_ends_the_grace():
    memory = Memory(7, started=0)
    policy.passed(memory, RULES, 1)
    assert fail(memory, 2, times=3) is Remedy.RESTART


def test_what_requires_something_ill_is_degraded_and_not_restarted():
    memory, around = awake(), Surroundings(ill="mariadb, which is unhealthy")
    assert fail(memory, 101, around, times=50) is Remedy.NOTHING
    assert memory.status == DEGRADED and "mariadb, which is unhealthy" in memory.detail


def test_nothing_is_restarted_before_what_it_requires_was_asked():
    memory, around = awake(), Surroundings(unsure=("mariadb",))
    assert fail(memory, 101, around, times=3) is Remedy.ASK
    assert memory.status == HEALTHY
    assert fail(memory, 106) is Remedy.RESTART


def test_deaths_under_an_ill_database_cost_nothing_of_the_budget():
    memory, around = awake(), Surroundings(ill="mariadb, which is unhealthy")
    for now in range(100):
        policy.died(memory, 1, "its process ended", around, RULES, 101 + now)
    assert memory.status == DEGRADED and memory.restarts == []


def die(memory: Memory, now: float, around: Surroundings = ALONE, times: int = 1) -> Remedy:
    return policy.died(memory, times, "its process ended", around, RULES, now)


@pytest.mark.parametrize("probation", [False, True])
def test_deaths_are_held_against_nothing_before_what_it_requires_was_asked(probation):
    memory = awake()
    unsure = Surroundings(unsure=("mariadb",), probation=probation)
    assert [die(memory, now, unsure) for now in range(101, 120)] == [Remedy.ASK] * 19
    expected = Remedy.ROLL_BACK if probation else Remedy.GIVE_UP
    assert die(memory, 120, Surroundings(probation=probation)) is expected


def test_deaths_that_turn_out_to_be_its_databases_fault_are_forgotten():
    memory = awake()
    for now in (101, 102, 103):
        die(memory, now, Surroundings(unsure=("mariadb",), probation=True))
    for now in (104, 105, 106):
        die(memory, now, Surroundings(ill="mariadb, which is unhealthy", probation=True))
    assert memory.restarts == []
    policy.passed(memory, RULES, 110)
    assert die(memory, 400, Surroundings(probation=True)) is Remedy.NOTHING


def test_deaths_of_its_own_from_before_an_outage_still_count():
    memory, around = awake(), Surroundings(probation=True)
    for now in (101, 111):
        die(memory, now, around)
        policy.passed(memory, RULES, now + 1)
    die(memory, 120, Surroundings(ill="mariadb, which is unhealthy", probation=True))
    assert die(memory, 130, around) is Remedy.ROLL_BACK


def test_restarts_come_later_and_later_and_then_no_more():
    memory, now, restarts = awake(), 101.0, []
    while fail(memory, now) is not Remedy.GIVE_UP:
        if memory.status == UNHEALTHY and now >= memory.not_before:
            restarts.append(now)
            policy.restarted(memory, "feels sick", RULES, now, 1)
        now += 1
    assert len(restarts) == 5 and memory.status == FAILED
    assert all(later - before > RULES.grace for before, later in zip(restarts, restarts[1:]))
    assert fail(memory, now + 2 * HOUR, times=10) is Remedy.NOTHING, "somebody has to act"


def test_what_was_given_up_and_recovers_by_itself_is_cared_for_again():
    memory = awake()
    memory.given_up = True
    fail(memory, 101, times=5)
    assert memory.status == FAILED
    assert policy.passed(memory, RULES, 106) is Remedy.RESUME
    assert memory.status == HEALTHY and policy.passed(memory, RULES, 107) is Remedy.NOTHING


def test_what_was_restarted_too_often_and_is_well_is_cared_for_at_once_without_a_new_budget():
    memory = awake()
    for now in range(200, 200 + 60 * RULES.restarts_per_hour, 60):
        assert die(memory, now) is Remedy.NOTHING
        assert policy.passed(memory, RULES, now + 30) is Remedy.NOTHING
    assert die(memory, 900) is Remedy.GIVE_UP
    assert policy.passed(memory, RULES, 901) is Remedy.RESUME
    assert die(memory, 960) is Remedy.GIVE_UP
    assert fail(memory, 2000, times=3) is Remedy.NOTHING and memory.status == FAILED


def strain(memory: Memory, now: float, times: int = 1) -> Remedy:
    for _ in range(times):
        remedy = policy.strained(memory, "busy", RULES, now)
    return remedy


def test_what_works_and_is_of_little_use_is_degraded_after_so_many_checks_and_left_alone():
    memory = awake()
    assert strain(memory, 101, times=2) is Remedy.NOTHING and memory.status == HEALTHY
    assert strain(memory, 102) is Remedy.NOTHING
    assert (memory.status, memory.detail) == (DEGRADED, "busy")
    assert strain(memory, 103, times=100) is Remedy.NOTHING
    policy.passed(memory, RULES, 104)
    assert memory.status == HEALTHY


def test_failures_before_and_after_what_was_no_failure_are_not_in_a_row():
    memory = awake()
    for now in range(101, 120):
        assert fail(memory, now, times=2) is Remedy.NOTHING
        strain(memory, now)


def test_what_begins_without_what_it_depends_on_is_starting_then_degraded():
    memory = Memory(7, started=0)
    strain(memory, 59, times=10)
    assert memory.status == STARTING
    strain(memory, 61)
    assert memory.status == DEGRADED


def test_what_works_again_after_it_was_given_up_is_cared_for_again():
    memory = awake()
    memory.given_up = True
    assert strain(memory, 101) is Remedy.RESUME


def test_deaths_without_what_it_depends_on_are_excused():
    memory = awake()
    die(memory, 101, times=4)
    strain(memory, 102)
    assert memory.restarts == []


def test_a_new_generation_that_turns_unhealthy_goes_back():
    memory, around = awake(), Surroundings(probation=True)
    assert fail(memory, 101, around, times=3) is Remedy.ROLL_BACK


def test_a_new_generation_that_dies_three_times_goes_back():
    memory, around = awake(), Surroundings(probation=True)
    deaths = [policy.died(memory, 1, "it ended", around, RULES, now) for now in (101, 111, 121)]
    assert deaths == [Remedy.NOTHING, Remedy.NOTHING, Remedy.ROLL_BACK]


def test_many_deaths_at_once_are_more_than_the_budget():
    assert policy.died(awake(), 6, "it ended", ALONE, RULES, 101) is Remedy.GIVE_UP


@pytest.mark.parametrize("probation, times", [(False, 50), (True, policy.STARVATIONS - 1)])
def test_clients_who_fill_the_memory_of_what_works_get_it_neither_given_up_nor_rolled_back(
    probation, times
):
    memory, around = awake(), Surroundings(probation=probation)
    for now in range(101, 101 + 60 * times, 60):
        remedy = policy.died(memory, 1, "out of memory", around, RULES, now, starved=True)
        assert remedy is Remedy.NOTHING and memory.status == STARTING
        policy.passed(memory, RULES, now + 30)
    assert fail(memory, 3000, times=3) is Remedy.RESTART, "its budget is untouched"


def test_a_new_generation_that_runs_out_of_memory_again_and_again_goes_back():
    memory, around = awake(), Surroundings(probation=True)
    found = []
    for now in range(101, 101 + 60 * policy.STARVATIONS, 60):
        found.append(policy.died(memory, 1, "out of memory", around, RULES, now, starved=True))
        policy.passed(memory, RULES, now + 30)
    assert found == [Remedy.NOTHING] * (policy.STARVATIONS - 1) + [Remedy.ROLL_BACK]
    seldom = awake()
    for now in range(101, 101 + HOUR * policy.STARVATIONS, HOUR // 2):
        died = policy.died(seldom, 1, "out of memory", around, RULES, now, starved=True)
        assert died is Remedy.NOTHING
        policy.passed(seldom, RULES, now + 30)


def test_a_new_generation_whose_memory_does_not_do_for_its_start_goes_back():
    memory, around = awake(), Surroundings(probation=True)
    found = [policy.died(memory, 1, "out of memory", around, RULES, now, starved=True)
             for now in (101, 111, 121, 131)]
    assert found == [Remedy.NOTHING, Remedy.NOTHING, Remedy.NOTHING, Remedy.ROLL_BACK]


def test_a_check_that_cannot_run_says_nothing_until_the_patience_is_over():
    memory = awake(now=100)
    assert policy.unable(memory, "the engine is down", True, RULES, 150) is Remedy.NOTHING
    assert memory.status == HEALTHY and memory.failures == 0
    policy.unable(memory, "the engine is down", True, RULES, 100 + RULES.patience + 1)
    assert memory.status == UNKNOWN
    policy.passed(memory, RULES, 300)
    assert memory.status == HEALTHY


@pytest.mark.parametrize(("status", "answer"), [
    (DEGRADED, lambda memory, now: policy.strained(memory, "no database", RULES, now)),
    (UNHEALTHY, lambda memory, now: policy.failed(memory, "it hangs", ALONE, RULES, now)),
])
def test_what_has_been_ill_for_long_is_not_unknown_for_one_check_that_cannot_run(status, answer):
    memory = awake()
    for now in range(130, 130 + HOUR, 30):
        answer(memory, now)
    assert memory.status == status
    policy.unable(memory, "the engine is down", True, RULES, now + 5)
    assert memory.status == status
    policy.unable(memory, "the engine is down", True, RULES, now + RULES.patience + 1)
    assert memory.status == UNKNOWN


def test_what_is_known_to_be_down_stays_so_though_it_cannot_be_asked():
    memory = awake()
    for status in (FAILED, PAUSED, UNHEALTHY):
        memory.become(status, "it is down", 101)
        policy.unable(memory, "it does not run", False, RULES, 101 + HOUR)
        assert (memory.status, memory.detail) == (status, "it is down")
    policy.unable(memory, "the engine is down", True, RULES, 101 + HOUR)
    assert memory.status == UNKNOWN


def test_what_is_paused_is_left_alone():
    memory = awake()
    fail(memory, 101, times=2)
    assert policy.paused(memory, 102) is Remedy.NOTHING and memory.status == PAUSED
    assert fail(memory, 103) is Remedy.NOTHING


def test_what_was_down_for_a_while_and_is_well_again_does_not_flap():
    memory = awake()
    fail(memory, 101, Surroundings(ill="mariadb, which is unhealthy"), times=7)
    assert not memory.flaps
    policy.passed(memory, RULES, 102)
    assert not memory.flaps and memory.detail == ""


def test_what_fails_every_second_check_is_said_to_flap_and_not_restarted():
    memory = awake()
    for now in range(101, 121, 2):
        assert fail(memory, now) is Remedy.NOTHING
        policy.passed(memory, RULES, now + 1)
    assert memory.flaps and "5 of its last 10 checks failed" in memory.detail


def test_what_excuses_deaths_excuses_no_restart_by_the_monitor_at_the_same_time():
    memory = awake()
    policy.died(memory, 1, "it ended", ALONE, RULES, 101)
    policy.restarted(memory, "gone", RULES, 101, 1)
    policy.strained(memory, "busy", RULES, 102)
    assert memory.restarts == [101] and memory.deaths == []


class Storm(RuleBasedStateMachine):
    """Any events in any order."""

    def __init__(self):
        super().__init__()
        self.now, self.memory, self.acts = 0.0, Memory(1, started=0), []
        self.ill = False

    def note(self, remedy: Remedy) -> None:
        if remedy is Remedy.RESTART:
            assert not self.ill and not self.memory.given_up
            self.acts.append(self.now)
            policy.restarted(self.memory, "sick", RULES, self.now, 1)

    @rule(seconds=st.floats(0.1, 900))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def passed(self):
        self.note(policy.passed(self.memory, RULES, self.now))

    @rule(ill=st.booleans(), probation=st.booleans())
    def failed(self, ill, probation):
        self.ill = ill
        around = Surroundings(ill="mariadb" if ill else "", probation=probation)
        self.note(policy.failed(self.memory, "sick", around, RULES, self.now))

    @rule()
    def strained(self):
        self.note(policy.strained(self.memory, "busy", RULES, self.now))

    @rule(times=st.integers(1, 3))
    def died(self, times):
        self.note(policy.died(self.memory, times, "ended", ALONE, RULES, self.now))

    @rule()
    def missing(self):
        self.ill = False
        self.note(policy.missing(self.memory, "gone", ALONE, RULES, self.now))

    @rule()
    def unable(self):
        self.note(policy.unable(self.memory, "refused", False, RULES, self.now))

    @invariant()
    def never_a_storm(self):
        assert len([at for at in self.acts if at > self.now - HOUR]) <= RULES.restarts_per_hour


TestStorm = Storm.TestCase


@given(st.lists(st.booleans(), max_size=60))
def test_fewer_failures_in_a_row_than_the_retries_never_restart_anything(answers):
    memory, in_a_row = awake(), 0
    for now, good in enumerate(answers, 101):
        in_a_row = 0 if good else in_a_row + 1
        if in_a_row == RULES.retries:
            return
        remedy = policy.passed(memory, RULES, now) if good else fail(memory, now)
        assert remedy is Remedy.NOTHING


@pytest.mark.parametrize("restarts", [0, 1, 3])
def test_the_pause_before_a_restart_doubles(restarts):
    memory = awake()
    for _ in range(restarts + 1):
        policy.restarted(memory, "sick", RULES, 100, 1)
    assert memory.not_before == 100 + 10 * 2 ** restarts
