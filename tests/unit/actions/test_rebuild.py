"""What the engine's labels and policies tell of a container that the state file lost."""

import json

import pytest

from kolla.actions.rebuild import adopt
from kolla.plugin.reports import ALWAYS, NEVER, STOPPED, Observed
from kolla.store.store import Store
from tests.unit.support.factory import make_spec

SNAPSHOT = make_spec().to_json()
LATER = json.dumps(json.loads(SNAPSHOT) | {"sysctls": {"net.core.somaxconn": "4096"}})
HALF = json.dumps({"container": "web"})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def seen(
    number: int, restart: str, committed: bool = False, running: bool | None = None,
    label: str = SNAPSHOT,
) -> Observed:
    """A generation as the engine shows it; one that is kept running was committed."""
    return Observed(
        f"web-g{number}", "web", number, restart == ALWAYS if running is None else running, "",
        restart=restart, committed=committed or restart != NEVER, labels={"kolla.spec": label},
    )


def taken_in(store: Store, *found: Observed) -> dict[int, str]:
    """What became of generations that only the engine knew."""
    adopt(store, "web", {each.generation: each for each in found})
    return {generation.number: generation.outcome for generation in store.generations("web")}


@pytest.mark.parametrize("policy, target", [(ALWAYS, "running"), (STOPPED, "stopped")])
def test_what_the_engine_keeps_is_current(store, policy, target):
    found = taken_in(store, seen(4, NEVER, committed=True), seen(7, policy), seen(8, NEVER))
    assert found == {4: "kept", 7: "current", 8: "discarded"}
    assert store.container("web").current == 7
    assert store.container("web").target == target
    assert store.begin("web", make_spec(), {}, "a test") == 9


def test_what_the_monitor_gave_up_is_current_if_it_runs(store):
    given_up = seen(7, NEVER, committed=True, running=True)
    found = taken_in(store, seen(6, NEVER, committed=True), given_up)
    assert found == {6: "kept", 7: "current"}
    assert store.container("web").target == "running"


def test_what_the_monitor_gave_up_and_stopped_is_current_too(store):
    found = taken_in(store, seen(6, NEVER, committed=True), seen(7, NEVER, committed=True))
    assert found == {6: "kept", 7: "current"}


def test_an_attempt_beside_what_was_given_up_is_not_current(store):
    given_up = seen(7, NEVER, committed=True, running=True)
    assert taken_in(store, given_up, seen(8, NEVER, running=True)) == {
        7: "current", 8: "discarded",
    }


def test_what_runs_is_kept_although_nothing_says_that_it_counts(store):
    assert taken_in(store, seen(3, NEVER, running=True)) == {3: "current"}


def test_what_never_ran_and_never_counted_is_given_up(store):
    assert taken_in(store, seen(3, NEVER)) == {3: "discarded"}


def test_a_label_with_fields_of_a_later_kolla_is_read(store):
    assert taken_in(store, seen(7, ALWAYS, label=LATER)) == {7: "current"}
    assert store.generations("web")[0].snapshot == make_spec()


@pytest.mark.parametrize("label", [HALF, "no JSON", "[1]", "7"])
def test_what_cannot_be_read_is_not_taken_in(store, label):
    assert taken_in(store, seen(7, ALWAYS, label=label)) == {}


def test_a_store_that_was_half_rebuilt_is_as_if_it_were_not(store, monkeypatch):
    def killed(*arguments, **pins):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Store, "commit", killed)
        taken_in(store, seen(7, ALWAYS))
    assert taken_in(store, seen(7, ALWAYS)) == {7: "current"}


def test_an_older_state_file_learns_of_a_newer_committed_generation(store):
    store.begin("web", make_spec(), {}, "a test")
    store.commit("web", 1)
    assert taken_in(store, seen(1, NEVER), seen(2, ALWAYS)) == {1: "kept", 2: "current"}


def test_a_store_that_knows_everything_is_left_alone(store):
    store.begin("web", make_spec(), {}, "a test")
    store.commit("web", 1)
    assert not adopt(store, "web", {1: seen(1, ALWAYS)})


def test_pins_survive_the_loss_of_the_state_file(store, tmp_path):
    store.begin("web", make_spec(), {}, "a test")
    store.commit("web", 1, release_pin="2026.1", image_pin="sha256:1")
    store.close()
    store.path.unlink()
    again = Store(tmp_path)
    taken_in(again, seen(1, ALWAYS))
    record = again.container("web")
    assert (record.release_pin, record.image_pin) == ("2026.1", "sha256:1")


@pytest.mark.parametrize("configured, pin", [("2025.2", "2026.1"), ("2026.1", None)])
def test_where_pins_are_lost_as_well_what_runs_stays_with_its_release(store, configured, pin):
    adopt(store, "web", {7: seen(7, ALWAYS)}, configured)
    assert store.container("web").release_pin == pin
