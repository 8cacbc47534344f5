import errno
import os
import pathlib
import re
import socket

import pytest

from kolla import network


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_free_port_is_no_problem(listener):
    port = listener.getsockname()[1]
    listener.close()
    assert network.problem("127.0.0.1", port) is None


def test_taken_port_names_the_program_that_has_it(listener):
    found = network.problem("127.0.0.1", listener.getsockname()[1])
    assert found.taken
    name = pathlib.Path("/proc/self/comm").read_text().strip()
    assert str(found) == f"is in use by {name} ({os.getpid()})"


@pytest.fixture
def called():
    """A function that gives this process another name, until the end of the test."""
    comm = pathlib.Path(f"/proc/self/task/{os.getpid()}/comm")
    before = comm.read_bytes()
    yield comm.write_bytes
    comm.write_bytes(before)


def test_the_name_of_a_program_does_nothing_to_a_terminal(listener, called):
    port = listener.getsockname()[1]
    called(b"\x1b]0;OWN\x07\n\xff")
    assert network.holders("127.0.0.1", port) == [f"␛]0;OWN␇ \ufffd ({os.getpid()})"]


def test_processes_that_end_meanwhile_hide_no_other(listener, monkeypatch):
    ask = {name: getattr(os, name) for name in ("stat", "listdir")}

    def ended(name):
        def answer(path, *arguments, **options):
            if re.fullmatch(r"/proc/\d+/fd", str(path)) and str(os.getpid()) not in str(path):
                raise ProcessLookupError(errno.ESRCH, "No such process")
            return ask[name](path, *arguments, **options)
        return answer

    for name in ask:
        monkeypatch.setattr(os, name, ended(name))
    assert network.holders("127.0.0.1", listener.getsockname()[1])


def test_the_same_port_on_another_address_is_free(listener):
    assert network.problem("127.0.0.2", listener.getsockname()[1]) is None


def test_a_program_on_another_address_is_not_said_to_hold_the_port(listener):
    port = listener.getsockname()[1]
    assert network.holders("127.0.0.2", port) == [] == network.holders("::1", port)
    assert network.holders("127.0.0.1", port) and network.holders("0.0.0.0", port)


def test_a_program_on_all_addresses_holds_the_port_of_each():
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert network.holders("127.0.0.2", server.getsockname()[1])


def test_a_program_on_an_address_of_ipv6_holds_its_port_there_alone():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        assert network.holders("::1", port) and not network.holders("127.0.0.1", port)


def test_address_of_another_host_is_named():
    found = network.problem("192.0.2.1", 5000)
    assert not found.taken
    assert "this host does not have the address 192.0.2.1" in str(found)


def test_nobody_holds_a_free_port(listener):
    port = listener.getsockname()[1]
    listener.close()
    assert network.holders("127.0.0.1", port) == []


def test_an_address_that_moves_need_not_be_here_but_its_port_has_to_be_free(listener):
    assert network.problem("192.0.2.1", 80, floating=True) is None
    assert network.problem("2001:db8::1", 80, floating=True) is None
    address, port = listener.getsockname()
    assert network.problem(address, port, floating=True).taken


@pytest.mark.parametrize("address, here", [
    ("127.0.0.1", True), ("127.3.2.1", True), ("0.0.0.0", True), ("::", True),
    ("192.0.2.1", False), ("2001:db8::1", False),
])
def test_whether_this_host_has_an_address(address, here):
    assert network.has(address) is here
