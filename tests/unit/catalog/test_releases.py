import pytest

from kolla.catalog.releases import refuse_jump
from kolla.errors import UsageError


@pytest.mark.parametrize("old, new", [
    ("2025.2", "2026.1"), ("2026.1", "2026.2"), ("2025.1", "2026.1"), ("2026.1", "2026.1"),
])
def test_a_release_goes_to_the_next_and_a_slurp_to_the_next_slurp(old, new):
    assert refuse_jump(old, new) == ""


@pytest.mark.parametrize("old, new, step", [
    ("2025.2", "2026.2", "2026.1"), ("2025.1", "2026.2", "2025.2"), ("2024.2", "2026.1", "2025.1"),
])
def test_a_jump_is_refused_with_the_step_between(old, new, step):
    assert f"upgrade to {step} first" in refuse_jump(old, new)


def test_an_older_release_is_refused():
    assert refuse_jump("2026.2", "2026.1") == "2026.1 is older than 2026.2"


def test_what_is_no_release_is_said_so():
    with pytest.raises(UsageError, match="flamingo"):
        refuse_jump("2026.1", "flamingo")
