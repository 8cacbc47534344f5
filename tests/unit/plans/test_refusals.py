"""What is refused, and the way on that is named."""

import socket

import pytest

from kolla.errors import KollaError
from kolla.plans.refusals import refuse_release, require_ports
from kolla.plugin import Listen
from tests.unit.support.factory import make_observed, make_spec, make_state
from tests.unit.support.plugins import make_container


def test_a_release_that_does_not_have_the_container_is_refused_with_the_way_on():
    bridge = make_container("bridge", releases=("2024.1", "2024.2"))
    refuse_release(bridge, "2024.2", current=1)
    with pytest.raises(KollaError, match="bridge is no part of 2025.1, only of 2024.1, 2024.2\n"
                                         ".*upgrade bridge --release 2024.2` has it stay there"):
        refuse_release(bridge, "2025.1", current=1)
    with pytest.raises(KollaError, match="--release, chooses a release; on a host that goes on"):
        refuse_release(bridge, "2025.1", current=None)
    refuse_release(make_container("web"), "2025.1", current=None)  # it is part of all releases


def test_what_does_its_work_in_a_release_that_does_not_have_it_is_told():
    bridge = make_container("bridge", releases=("2024.2",), instead="a switch does its work")
    with pytest.raises(KollaError, match="only of 2024.2: a switch does its work\n"):
        refuse_release(bridge, "2025.1", current=None)


def test_a_container_that_is_on_no_record_any_more_is_not_taken_for_a_stranger_on_its_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        spec = make_spec(listens=(Listen("127.0.0.1", str(server.getsockname()[1])),))
        require_ports(make_state(None, observed=[make_observed(1)]), spec)
        with pytest.raises(KollaError, match="is in use by"):
            require_ports(make_state(None, observed=[make_observed(1, running=False)]), spec)
