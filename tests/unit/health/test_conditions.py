"""How the health of a set follows from what is right below it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolla.health.conditions import STATUSES, of_set


@pytest.mark.parametrize("below, health", [
    (["healthy", "healthy"], "healthy"),
    (["healthy", "unhealthy"], "degraded"),
    (["unhealthy", "failed"], "unhealthy"),
    (["degraded", "healthy"], "degraded"),
    (["healthy", "stopped"], "degraded"),
    (["unhealthy", "stopped"], "unhealthy"),
    (["stopped", "absent"], "stopped"),
    (["absent", "absent"], "absent"),
    (["healthy", "starting"], "starting"),
    (["healthy", "starting", "maintenance"], "maintenance"),
    ([], "absent"),
])
def test_a_set_is_what_its_parts_make_it(below, health):
    assert of_set(below) == health


@given(st.lists(st.sampled_from(STATUSES), min_size=1))
def test_a_set_is_healthy_only_if_all_of_it_is(below):
    assert (of_set(below) == "healthy") == (set(below) == {"healthy"})


@given(st.lists(st.sampled_from(STATUSES), min_size=1))
def test_the_order_below_a_set_does_not_matter(below):
    assert of_set(below) == of_set(below[::-1]) in STATUSES
