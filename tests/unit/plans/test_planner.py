import dataclasses

import pytest

from kolla.plans import converge, planner
from kolla.plans.change import change
from kolla.plans.plan import Plan
from kolla.plugin import Listen, Task
from tests.unit.support.factory import make_generation, make_observed, make_spec, make_state

RELIEVE = {"strategy": "relieve", "drain": ["kolla-drain"]}
HANDOVER = {
    "strategy": "handover", "drain": ["kolla-drain"], "listens": [Listen("192.0.2.11", "80")],
}


def running(spec=None):
    """Generation 1 is current and runs."""
    generation = make_generation(1, "current", spec=spec or make_spec())
    return make_state(1, [generation], [make_observed(1)])


def steps(made) -> list[str]:
    operations = made.operations if isinstance(made, Plan) else made
    return [str(operation).partition(":")[0] for operation in operations]


def test_a_first_start_bootstraps_checks_and_commits():
    spec = make_spec(tasks={"bootstrap": (Task("schema", ("x",)),)})
    assert steps(planner.start(make_state(None), spec)) == [
        "record web-g1", "create web-g1", "bootstrap web-g1 schema", "start web-g1",
        "check web-g1", "commit web-g1", "keep web-g1", "settle web",
    ]


def test_starting_what_runs_is_nothing_to_do():
    made = planner.start(running(), None)
    assert not made.operations
    assert str(made) == "web: nothing to do"


def test_replace_stops_the_old_one_only_after_everything_slow_is_done():
    made = change(
        running(), make_spec(version="2"), "upgrade", ("image: changed",), (("expand", "schema"),)
    )
    assert str(made) == (
        "web: upgrade, generation 1 -> 2\n"
        "  because image: changed\n"
        "  [1] record web-g2\n"
        "  [2] create web-g2\n"
        "  [3] expand web-g2 schema\n"
        "  [4] stop web-g1: replaced\n"
        "  [5] start web-g2\n"
        "  [6] check web-g2\n"
        "  [7] commit web-g2\n"
        "  [8] release web-g1: replaced\n"
        "  [9] keep web-g2\n"
        "  [10] settle web"
    )


def test_relieve_loads_beside_the_old_one_and_takes_over_when_that_has_ended():
    made = change(
        with_dependants(running(make_spec(**RELIEVE))), make_spec(**RELIEVE, version="2"),
        "upgrade", (), (("expand", "schema"),),
    )
    assert steps(made) == [
        "record web-g2", "create web-g2", "expand web-g2 schema", "start web-g2", "check web-g2",
        "hold api-g3", "hold identity-g5", "drain web-g1", "stop web-g1", "join web-g2",
        "check web-g2", "resume identity-g5", "resume api-g3", "commit web-g2", "release web-g1",
        "keep web-g2", "settle web",
    ]
    assert str(made.operations[4]) == "check web-g2: it has loaded"


def test_a_first_worker_takes_over_from_nobody():
    assert steps(planner.start(make_state(None), make_spec(**RELIEVE)))[2:6] == [
        "start web-g1", "check web-g1", "join web-g1", "check web-g1"]


def test_a_worker_that_was_replaced_until_now_is_relieved():
    made = change(running(), make_spec(**RELIEVE), "upgrade", ())
    assert steps(made)[2:7] == [
        "start web-g2", "check web-g2", "stop web-g1", "join web-g2", "check web-g2"]


def test_a_worker_that_takes_over_in_vain_ends_before_the_old_one_works_again():
    before_rollback = {"before_rollback": (Task("lower", ("x",)),)}
    made = change(
        running(make_spec(**RELIEVE)), make_spec(**RELIEVE, version="2", tasks=before_rollback),
        "upgrade", (),
    )
    failed = next(i for i, step in enumerate(made.operations) if step.kind == "join")
    assert steps(made.way_back(made.operations[:failed + 2])) == [
        "drain web-g2", "stop web-g2", "before-rollback web-g2 lower", "stop web-g1",
        "start web-g1", "check web-g1", "join web-g1", "check web-g1", "stop web-g2",
        "remove web-g2", "forget web-g2", "settle web",
    ]


def test_a_worker_that_has_drained_is_started_again_although_it_was_not_stopped():
    made = change(running(make_spec(**RELIEVE)), make_spec(**RELIEVE), "upgrade", ())
    drained = next(i for i, step in enumerate(made.operations) if step.kind == "drain")
    assert steps(made.way_back(made.operations[:drained + 1])) == [
        "stop web-g1", "start web-g1", "check web-g1", "join web-g1", "check web-g1",
        "stop web-g2", "remove web-g2", "forget web-g2", "settle web",
    ]


def test_a_worker_that_does_not_load_leaves_the_old_one_alone():
    made = change(running(make_spec(**RELIEVE)), make_spec(**RELIEVE), "upgrade", ())
    assert steps(made.way_back(made.operations[:4])) == [
        "stop web-g2", "remove web-g2", "forget web-g2", "settle web"]


def test_a_worker_that_is_started_again_has_loaded_before_it_is_told_to_take_over():
    stopped = make_state(
        1, [make_generation(1, "current", spec=make_spec(**RELIEVE))],
        [make_observed(1, running=False)], record={"target": "stopped"},
    )
    assert steps(planner.start(stopped, None)) == [
        "want-running web", "keep web-g1", "start web-g1", "check web-g1", "join web-g1",
        "check web-g1", "settle web",
    ]


def test_a_restart_of_a_worker_is_one_relieving_the_other():
    assert "join web-g2" in steps(planner.restart(running(make_spec(**RELIEVE))))


HOLDING = (("api", 3), ("identity", 5))


def with_dependants(state):
    return dataclasses.replace(state, dependants=HOLDING)


def test_requests_to_what_requires_it_wait_from_just_before_the_stop_until_it_is_well():
    made = change(with_dependants(running()), make_spec(version="2"), "upgrade", ())
    assert steps(made)[2:10] == [
        "hold api-g3", "hold identity-g5", "stop web-g1", "start web-g2", "check web-g2",
        "resume identity-g5", "resume api-g3", "commit web-g2",
    ]
    assert str(made.operations[2]) == "hold api-g3: requires web"
    assert steps(planner.restart(with_dependants(running()))) == [
        "keep web-g1", "hold api-g3", "hold identity-g5", "stop web-g1", "start web-g1",
        "check web-g1", "resume identity-g5", "resume api-g3",
    ]


@pytest.mark.parametrize("plan", [
    lambda: planner.restart(with_dependants(running(make_spec(**HANDOVER)))),
    lambda: planner.stop(with_dependants(running())),
    lambda: planner.delete(with_dependants(running())),
    lambda: planner.revive(with_dependants(running())),
    lambda: planner.start(with_dependants(make_state(None)), make_spec()),
], ids=["handover", "stop", "delete", "revive", "first start"])
def test_requests_wait_for_nothing_that_does_not_go_away_or_does_not_come_back(plan):
    assert not any("hold" in step or "resume" in step for step in steps(plan()))


def test_on_the_way_back_and_in_recovery_requests_go_on_when_it_is_well():
    state = make_state(1, [make_generation(1, "current"), make_generation(2, committed=False)],
                       [make_observed(1, running=False), make_observed(2)])
    assert steps(planner.recover(with_dependants(state)))[-6:-2] == [
        "start web-g1", "check web-g1", "resume identity-g5", "resume api-g3",
    ]
    assert steps(planner.recover(with_dependants(running()))) == []


def test_handover_stops_the_old_one_only_after_the_new_one_counts():
    made = change(running(make_spec(**HANDOVER)), make_spec(**HANDOVER), "upgrade", ())
    assert steps(made) == [
        "record web-g2", "create web-g2", "start web-g2", "check web-g2", "join web-g2",
        "commit web-g2", "keep web-g2", "release web-g1", "drain web-g1", "stop web-g1",
        "settle web",
    ]


def test_a_worker_is_handed_over_once_it_works_beside_the_old_one():
    worker = make_spec(strategy="handover")
    made = change(running(worker), worker, "upgrade", ())
    assert steps(made) == [
        "record web-g2", "create web-g2", "start web-g2", "check web-g2", "join web-g2",
        "check web-g2", "commit web-g2", "keep web-g2", "release web-g1", "stop web-g1",
        "settle web",
    ]
    second = made.operations.index(made.operations[5])
    assert steps(made.way_back(made.operations[:second + 1])) == [
        "stop web-g2", "remove web-g2", "forget web-g2", "settle web",
    ]


def way_back(made, failed: str) -> list[str]:
    """What follows if this operation fails."""
    number = steps(made).index(failed)
    return steps(made.way_back(made.operations[:number + 1]))


def test_a_replacement_that_fails_starts_the_old_one_before_it_cleans_up():
    made = change(
        running(), make_spec(version="2"), "upgrade", (), (("expand", "schema"),)
    )
    assert way_back(made, "check web-g2") == [
        "stop web-g2", "start web-g1", "check web-g1", "remove web-g2", "forget web-g2",
        "settle web",
    ]
    assert way_back(made, "expand web-g2 schema") == [
        "remove web-g2", "forget web-g2", "settle web",
    ]


def test_requests_that_wait_go_on_as_soon_as_the_old_one_is_well_again():
    made = change(with_dependants(running()), make_spec(version="2"), "upgrade", ())
    assert way_back(made, "start web-g2")[:5] == [
        "stop web-g2", "start web-g1", "check web-g1", "resume identity-g5", "resume api-g3",
    ]


def test_a_handover_that_fails_leaves_the_old_one_alone():
    made = change(running(make_spec(**HANDOVER)), make_spec(**HANDOVER), "upgrade", ())
    gone = ["stop web-g2", "remove web-g2", "forget web-g2", "settle web"]
    assert way_back(made, "check web-g2") == gone
    assert way_back(made, "join web-g2") == ["drain web-g2", *gone]


def test_what_serves_while_it_is_checked_is_drained_before_it_is_taken_away():
    made = change(running(), make_spec(drain=["finish"]), "upgrade", ())
    assert way_back(made, "check web-g2")[:3] == ["drain web-g2", "stop web-g2", "start web-g1"]


def test_nothing_takes_back_what_is_committed():
    made = change(running(), make_spec(version="2"), "upgrade", ())
    committed = steps(made).index("commit web-g2")
    assert not made.way_back(made.operations[committed:])


def test_a_restart_of_a_handover_service_is_handed_over():
    assert "join web-g2" in steps(planner.restart(running(make_spec(**HANDOVER))))


def test_a_restart_of_another_service_keeps_its_generation():
    assert steps(planner.restart(running())) == [
        "keep web-g1", "stop web-g1", "start web-g1", "check web-g1",
    ]


def test_stop_commits_the_intent_before_the_engine_is_touched():
    assert steps(planner.stop(running())) == [
        "want-stopped web", "park web-g1", "stop web-g1", "settle web",
    ]


def test_recovery_discards_what_was_never_committed_and_starts_what_was():
    state = make_state(
        1, [make_generation(1, "current"), make_generation(2, "discarded", committed=False)],
        [make_observed(1, running=False, restart="always"), make_observed(2, restart="no")],
        record={"settled": False},
    )
    assert steps(converge.converge(state)) == [
        "stop web-g2", "remove web-g2", "start web-g1", "check web-g1", "forget web-g2",
        "settle web",
    ]


@pytest.mark.parametrize("status,again", [
    ("restarting", ["stop web-g1", "start web-g1", "check web-g1"]),
    ("running", ["check web-g1"]),
])
def test_what_the_engine_started_beside_another_one_works_when_recovery_has_ended(status, again):
    first = dataclasses.replace(make_observed(1), status=status)
    both = [first, make_observed(2, restart="no")]
    generations = [make_generation(1, "current"), make_generation(2, committed=False)]
    made = steps(converge.converge(make_state(1, generations, both)))
    assert made == ["stop web-g2", "remove web-g2", *again, "forget web-g2", "settle web"]


def test_recovery_hands_nothing_over_from_a_generation_that_has_the_address_for_itself():
    """One with another strategy, which the engine has started after a power cut."""
    old, new = make_generation(1, spec=make_spec(**RELIEVE)), make_generation(
        2, "current", spec=make_spec(**HANDOVER))
    state = make_state(2, [old, new], [make_observed(1), make_observed(2, running=False)],
                       record={"settled": False}, dependants=(("api", 3),))
    assert steps(converge.converge(state)) == [
        "release web-g1", "drain web-g1", "stop web-g1", "keep web-g2", "start web-g2",
        "check web-g2", "join web-g2", "resume api-g3", "settle web",
    ]


def test_recovery_after_the_commit_finishes_the_handover():
    old, new = make_generation(1, spec=make_spec(**HANDOVER)), make_generation(
        2, "current", spec=make_spec(**HANDOVER))
    state = make_state(2, [old, new], [make_observed(1), make_observed(2, restart="no")],
                       record={"settled": False})
    assert steps(converge.converge(state)) == [
        "keep web-g2", "release web-g1", "drain web-g1", "stop web-g1", "settle web",
    ]


def test_recovery_recreates_a_current_generation_that_somebody_removed():
    state = make_state(1, [make_generation(1, "current")], [])
    assert steps(converge.converge(state)) == [
        "create web-g1", "keep web-g1", "start web-g1", "check web-g1", "settle web",
    ]


def test_recovery_leaves_a_container_stopped_that_an_operator_stopped():
    state = make_state(1, [make_generation(1, "current")],
                       [make_observed(1, running=False, restart="unless-stopped")],
                       record={"target": "stopped"})
    assert converge.converge(state) == []
    assert converge.settled(state)


def test_nothing_is_settled_while_two_generations_run():
    state = make_state(2, [make_generation(1), make_generation(2, "current")],
                       [make_observed(1), make_observed(2)])
    assert not converge.settled(state)


def test_pruning_keeps_what_a_rollback_needs():
    generations = [make_generation(n, spec=make_spec(version=str(n))) for n in range(1, 6)]
    state = make_state(5, generations, [make_observed(5)], keep=2)
    made = change(state, make_spec(version="6"), "upgrade", ())
    assert [s for s in steps(made) if s.startswith("forget")] == [
        "forget web-g1", "forget web-g2", "forget web-g3",
    ]


def test_delete_takes_every_generation_from_the_engine():
    state = make_state(2, [make_generation(1), make_generation(2, "current")],
                       [make_observed(1, running=False), make_observed(2)])
    assert steps(planner.delete(state)) == [
        "want-absent web", "remove web-g1", "stop web-g2", "remove web-g2", "forget web-g1",
        "forget web-g2", "settle web",
    ]


def confirmable(confirmed: str | None, *contract: str):
    """Generation 1 is current; its contract tasks have these names."""
    spec = make_spec(tasks={"contract": tuple(Task(name, ("x",)) for name in contract)})
    return make_state(1, [make_generation(1, "current", spec=spec, confirmed=confirmed)])


def test_to_confirm_cleans_up_first_and_what_is_confirmed_can_be_cleaned_up_again():
    assert steps(planner.confirm(confirmable(None, "schema"))) == [
        "contract web-g1 schema", "confirm web-g1",
    ]
    assert steps(planner.confirm(confirmable("2026-01-02", "schema"))) == [
        "contract web-g1 schema",
    ]


def test_to_confirm_what_is_confirmed_and_has_nothing_to_clean_up_changes_nothing():
    assert steps(planner.confirm(confirmable(None))) == ["confirm web-g1"]
    assert steps(planner.confirm(confirmable("2026-01-02"))) == []


def test_delete_with_the_data_takes_them_last_and_remembers_that_until_then():
    state = make_state(1, [make_generation(1, "current")], [make_observed(1)])
    assert steps(planner.delete(state, data=True)) == [
        "want-erased web", "stop web-g1", "remove web-g1", "forget web-g1", "erase web-g1",
        "settle web",
    ]


def test_staying_with_what_runs_is_a_choice_that_is_written_down_once():
    made = planner.pin(running(), {"image_pin": None, "release_pin": "2026.1"})
    assert steps(made) == ["pin web"] and made.reasons == ("stays with 2026.1",)
    chosen = make_state(1, [make_generation(1, "current")], [make_observed(1)],
                        record={"release_pin": "2026.1"})
    assert not planner.pin(chosen, made.pins).operations


def test_rollback_goes_to_the_newest_generation_that_survived_its_probation():
    generations = [make_generation(n) for n in (1, 2)] + [make_generation(3, "current")]
    state = make_state(3, generations, [make_observed(3)])
    assert planner.last_known_good(state, lambda generation: generation.number == 1) == 1
    assert planner.last_known_good(state, lambda generation: False) == 2


def test_rollback_never_goes_to_one_that_was_rolled_back_or_is_the_same():
    same = make_spec()
    generations = [make_generation(1), make_generation(2, "rolled back"),
                   make_generation(3, spec=same), make_generation(4, "current", spec=same)]
    assert planner.last_known_good(
        make_state(4, generations, [make_observed(4)]), lambda generation: True
    ) == 1


# Before an earlier release or version serves again

LOWER = {"before_rollback": (Task("lower", ("lower",)),)}
OLD = make_spec(release="2026.1", version="1.9", tasks=LOWER)
NEW = make_spec(release="2026.2", version="1.10", tasks=LOWER)
STEP = "before-rollback web-g{} lower"


def started_and_not_committed(spec, current=OLD, status: str = "exited", **record):
    """Generation 2 beside the current one, as a killed upgrade leaves it."""
    seen = dataclasses.replace(make_observed(2, running=False), status=status)
    return make_state(
        1, [make_generation(1, "current", spec=current),
            make_generation(2, "trying", committed=False, spec=spec)],
        [make_observed(1, running=False), seen], record=record,
    )


def test_an_upgrade_that_fails_once_it_was_started_prepares_the_way_back():
    made = change(running(OLD), NEW, "upgrade", ())
    assert way_back(made, "check web-g2")[:3] == [
        "stop web-g2", STEP.format(2), "start web-g1",
    ]
    assert STEP.format(2) not in way_back(made, "stop web-g1")


def test_a_handover_that_fails_prepares_the_next_start_of_what_serves():
    made = change(
        running(dataclasses.replace(OLD, **HANDOVER)), dataclasses.replace(NEW, **HANDOVER),
        "upgrade", (),
    )
    assert way_back(made, "check web-g2")[:2] == ["stop web-g2", STEP.format(2)]


def test_recovery_of_a_killed_upgrade_prepares_the_way_back_before_the_old_one_starts():
    found = steps(planner.recover(started_and_not_committed(NEW)))
    assert found.index(STEP.format(2)) < found.index("start web-g1")
    assert found.index(STEP.format(2)) < found.index("remove web-g2")


@pytest.mark.parametrize("state", [
    started_and_not_committed(NEW, status="created"),
    started_and_not_committed(OLD, current=NEW),
    started_and_not_committed(dataclasses.replace(OLD, environment={"A": "B"})),
    started_and_not_committed(NEW, target="absent"),
], ids=["never started", "it was the older one", "the same version", "nothing is to run"])
def test_recovery_prepares_nothing_where_no_earlier_release_is_to_start(state):
    assert not [step for step in steps(planner.recover(state)) if "before-rollback" in step]


def test_what_is_to_stay_stopped_is_parked_before_the_way_back_is_prepared():
    found = steps(planner.recover(started_and_not_committed(NEW, target="stopped")))
    assert found.index("park web-g1: stopped on purpose".partition(":")[0]) < found.index(
        STEP.format(2)
    )


@pytest.mark.parametrize("action", ["upgrade", "rollback"])
@pytest.mark.parametrize("old, new, prepared", [
    (NEW, OLD, True), (OLD, NEW, False), (OLD, OLD, False),
    (dataclasses.replace(NEW, release=""), dataclasses.replace(OLD, release=""), True),
    (dataclasses.replace(NEW, release=OLD.release), OLD, True),
])
def test_whatever_leads_to_an_earlier_release_or_version_is_prepared(action, old, new, prepared):
    made = change(running(old), new, action, ())
    assert (steps(made)[0] == STEP.format(1)) is prepared


# What outlives it, and what it leaves

GUESTS = {1: ("qemu (11)",)}


def with_guests(target: str = "running"):
    """Generations 1 to 4, of which a guest of 1 goes on; two are kept."""
    spec = make_spec(outlived_by=("qemu",))
    generations = [make_generation(n, "kept" if n < 4 else "current", spec=spec)
                   for n in range(1, 5)]
    seen = [make_observed(n, running=n == 4) for n in (1, 2, 3, 4)]
    return make_state(4, generations, seen, record={"target": target}, keep=2, in_use=GUESTS)


def test_a_generation_in_whose_file_system_a_process_lives_stays_with_its_image():
    recovery = steps(planner.recover(with_guests()))
    assert recovery == ["remove web-g2", "settle web"]
    done = steps(change(with_guests(), make_spec(), "upgrade", ()))
    assert done[-4:] == ["remove web-g2", "remove web-g3", "forget web-g2", "settle web"]
    free = dataclasses.replace(with_guests(), in_use={})
    assert steps(planner.recover(free)) == [
        "remove web-g1", "remove web-g2", "forget web-g1", "settle web"
    ]


def test_what_a_process_lives_in_is_stopped_for_good_and_not_removed_when_it_is_deleted():
    deletion = steps(planner.delete(with_guests()))
    assert "remove web-g1" not in deletion and "forget web-g1" not in deletion
    assert deletion[-6:] == ["stop web-g4", "remove web-g4", "forget web-g2", "forget web-g3",
                             "forget web-g4", "settle web"]
    assert "release web-g4" in deletion
    late = dataclasses.replace(with_guests("absent"), observed={1: make_observed(1, False)})
    assert steps(planner.recover(late)) == ["forget web-g2", "forget web-g3", "forget web-g4",
                                            "settle web"]
    assert "remove web-g1" in steps(planner.recover(dataclasses.replace(late, in_use={})))


LAST = {"farewell": (Task("ports", ("x",)),), "teardown": (Task("database", ("x",)),)}


@pytest.mark.parametrize("data, tasks, wanted", [
    (False, True, ["want-stopped web", "park web-g1", "stop web-g1", "settle web",
                   "farewell web-g1 ports", "want-absent web", "remove web-g1", "settle web"]),
    (True, True, ["want-stopped web", "park web-g1", "stop web-g1", "settle web",
                  "teardown web-g1 database", "farewell web-g1 ports", "want-erased web",
                  "remove web-g1", "forget web-g1", "erase web-g1", "settle web"]),
    (True, False, ["want-erased web", "stop web-g1", "remove web-g1", "forget web-g1",
                   "erase web-g1", "settle web"]),
])
def test_what_it_has_left_elsewhere_goes_before_it_while_it_is_stopped(data, tasks, wanted):
    assert steps(planner.delete(running(make_spec(tasks=LAST)), data, tasks)) == wanted


def test_data_can_be_torn_down_after_the_container_was_deleted():
    generation = make_generation(1, "current", spec=make_spec(tasks=LAST))
    deleted = make_state(1, [generation], record={"target": "absent"})
    assert steps(planner.recover(deleted)) == []
    assert steps(planner.delete(deleted, data=True)) == [
        "teardown web-g1 database", "want-erased web", "forget web-g1", "erase web-g1",
        "settle web",
    ]
