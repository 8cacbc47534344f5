"""What is refused, and the way on that is named."""

import pytest

from kolla.errors import KollaError
from kolla.plans.refusals import refuse_release
from tests.unit.support.plugins import make_container


def test_a_release_that_does_not_have_the_container_is_refused_with_the_way_on():
    bridge = make_container("bridge", releases=("2024.1", "2024.2"))
    refuse_release(bridge, "2024.2", current=1)
    with pytest.raises(KollaError, match="bridge is no part of 2025.1, only of 2024.1, 2024.2\n"
                                         ".*upgrade bridge --release 2024.2` has it stay there"):
        refuse_release(bridge, "2025.1", current=1)
    with pytest.raises(KollaError, match="--release, chooses a release; on a host that goes on"):
        refuse_release(bridge, "2025.1", current=None)


def test_a_container_of_all_releases_is_refused_none():
    refuse_release(make_container("web"), "2049.2", current=None)
