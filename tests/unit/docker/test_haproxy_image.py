"""The scripts of the HAProxy image."""

import contextlib
import socket
import threading

import pytest


@pytest.fixture
def place():
    """``place(does)``: the port of a service that is asked, which ``waits`` for what it is told,
    ``ends`` connections of strangers, or is ``absent``.
    """
    with contextlib.ExitStack() as stack:
        def make(does: str) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            if does == "absent":
                listener.close()
                return address
            stack.callback(listener.shutdown, socket.SHUT_RDWR)

            def serve() -> None:
                with contextlib.suppress(OSError):
                    while True:
                        client, _ = listener.accept()
                        client.close() if does == "ends" else stack.enter_context(client)

            threading.Thread(target=serve, daemon=True).start()
            return address

        yield make


@pytest.mark.parametrize("told, plain, ready", [
    ("waits", "waits", True), ("absent", "absent", True), ("waits", "absent", True),
    ("absent", "waits", False), ("ends", "waits", False),
])
def test_haproxy_says_to_no_service_who_its_client_is_before_that_is_upgraded(
    script, program, tmp_path, place, told, plain, ready
):
    program("haproxy", "true")
    path = tmp_path / "etc/kolla/haproxy/told"
    path.parent.mkdir(parents=True)
    asked, beside = place(told), place(plain)
    path.write_text(f"{asked} {beside}\n")
    done = script(("haproxy", "kolla-verify"))
    assert (done.returncode == 0) is ready
    assert ready or f"the service at {beside} does not listen at {asked}" in done.stderr


def test_a_configuration_that_haproxy_refuses_is_refused(script, program):
    program("haproxy", "echo wrong >&2; exit 1")
    assert script(("haproxy", "kolla-verify")).returncode == 1
    program("haproxy", "true")
    assert script(("haproxy", "kolla-verify")).returncode == 0
