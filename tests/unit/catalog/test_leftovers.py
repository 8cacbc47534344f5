"""Containers whose plugin is gone stay in view and in hand; nothing new is made of them."""

import pytest

from kolla.plugin import Volume
from tests.unit.support.factory import make_spec


@pytest.fixture
def left(kolla):
    """The command line, and what a plugin that is gone has left: a healthy container."""
    spec = make_spec(container="valkey", volumes=(Volume("valkey", "/data"),))
    kolla.store.begin("valkey", spec, {}, "a test")
    kolla.store.commit("valkey", 1, health="healthy", health_at="2026-01-01T00:00:00+00:00")
    return kolla


def test_the_tree_and_the_list_show_it_as_left_over(left):
    tree = left("set", "tree").out
    assert tree.index("left-over  (") < tree.index("valkey  generation 1, healthy")
    rows = {row["name"]: row for row in left("container", "list", "-f", "json").json}
    assert (rows["valkey"]["set"], rows["valkey"]["health"]) == ("left-over", "healthy")
    shown = left("container", "show", "valkey", "-f", "json").json
    assert (shown["summary"], shown["distribution"]) == (
        "its plugin is not installed", "not installed")


@pytest.mark.parametrize("command", [
    "container stop valkey", "container start valkey", "container restart valkey",
    "container check valkey", "container logs valkey", "set stop left-over", "set check",
    "container delete valkey --yes", "set delete left-over --data --yes", "recover",
])
def test_it_is_acted_on_as_far_as_the_engine(left, command):
    assert "no-engine.sock" in left(*command.split()).err


def test_it_can_be_in_maintenance(left):
    assert left("container", "maintenance", "on", "valkey").code == 0
    assert left.store.container("valkey").in_maintenance()


def test_deleting_its_data_names_its_volumes(left):
    refused = left("container", "delete", "valkey", "--data")
    assert "valkey" in refused.err and refused.code == 2


@pytest.mark.parametrize("command", ["set start --dry-run", "set upgrade --dry-run"])
def test_what_makes_something_leaves_it_out(left, command):
    assert "valkey" not in left(*command.split()).err


def test_one_whose_generation_is_not_on_record_is_shown_all_the_same(kolla):
    kolla.store.update("lost", target="running")
    assert "lost" in kolla("set", "tree").out


def test_what_was_deleted_is_not_left_over(left):
    left.store.update("valkey", target="absent")
    assert "left-over" not in left("set", "tree").out


def test_what_was_deleted_cannot_be_shown_and_its_history_is_named(left):
    left.store.update("valkey", target="absent")
    answer = left("container", "show", "valkey")
    assert answer.code == 1 and "this is a bug" not in answer.err
    assert "valkey is deleted, and its plugin is not installed" in answer.err
    assert left("container", "history", "valkey").code == 0
