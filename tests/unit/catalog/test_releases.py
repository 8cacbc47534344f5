import pytest

from kolla.catalog import releases
from kolla.errors import UsageError
from kolla.plugin import Releases
from kolla_plugins.releases import OPENSTACK


@pytest.mark.parametrize("old, new", [
    ("2025.2", "2026.1"), ("2026.1", "2026.2"), ("2025.1", "2026.1"), ("2026.1", "2026.1"),
])
def test_a_release_goes_to_the_next_and_a_slurp_to_the_next_slurp(old, new):
    assert releases.refuse_jump(OPENSTACK, old, new) == ""


@pytest.mark.parametrize("old, new, step", [
    ("2025.2", "2026.2", "2026.1"), ("2025.1", "2026.2", "2025.2"), ("2024.2", "2026.1", "2025.1"),
    ("2024.1", "2026.1", "2024.2"),
])
def test_a_jump_is_refused_with_the_step_between(old, new, step):
    assert f"upgrade to {step} first" in releases.refuse_jump(OPENSTACK, old, new)


def test_an_older_release_is_refused():
    assert releases.refuse_jump(OPENSTACK, "2026.2", "2026.1") == "2026.1 is older than 2026.2"


def test_a_release_before_all_that_are_known_goes_nowhere():
    assert "nothing is known of 2015.1" in releases.refuse_jump(OPENSTACK, "2015.1", "2026.1")


def test_what_is_no_release_is_said_so():
    with pytest.raises(UsageError, match="'flamingo' is no release of OpenStack"):
        releases.refuse_jump(OPENSTACK, "2026.1", "flamingo")


def test_a_third_party_may_order_its_releases_by_names():
    order = Releases("Cache", ("alder", "birch", "cedar"), default="birch")
    assert releases.refuse_jump(order, "alder", "birch") == ""
    assert "upgrade to birch first" in releases.refuse_jump(order, "alder", "cedar")
    assert releases.earlier(order, "alder", "cedar")


def test_without_an_order_every_release_may_follow_every_other():
    assert releases.refuse_jump(releases.ANY, "2", "1") == ""
    assert not releases.earlier(releases.ANY, "1", "2")
