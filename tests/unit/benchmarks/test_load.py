"""The load generator of the benchmarks, against a server whose delays and failures are known."""

import asyncio
import contextlib

import pytest

from tests.benchmarks.load import Load, Target


class Server:
    """Answers after ``delay`` seconds, none before ``hold`` requests have come.

    ``misbehave`` may do something else with a request.
    """

    def __init__(self, delay: float = 0.0, close: bool = False, misbehave=None, hold: int = 0):
        self.delay, self.close, self.misbehave, self.hold = delay, close, misbehave, hold
        self.connections = self.requests = 0

    @contextlib.asynccontextmanager
    async def listening(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield Target(f"http://127.0.0.1:{port}/")
        finally:
            server.close()

    async def _serve(self, reader, writer) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                number = self.requests
                await asyncio.sleep(self.delay)
                while self.requests < self.hold:
                    await asyncio.sleep(0.001)
                if self.misbehave and self.misbehave(number, writer):
                    break
                close = self.close or b"Connection: close" in request
                field = b"Connection: close\r\n" if close else b""
                writer.write(b"HTTP/1.1 200 OK\r\n" + field + b"Content-Length: 2\r\n\r\nok")
                if close:
                    break
        writer.close()


def measure(server: Server, seconds: float = 0.05, **details):
    async def run():
        async with server.listening() as target:
            details.setdefault("clients", 0)
            return await Load(target, **details).run(seconds)

    return asyncio.run(run())


def test_each_request_of_the_open_loop_has_its_own_connection():
    server = Server()
    samples = measure(server, rate=200)
    assert len(samples) == server.connections == 10
    assert not any(sample.error for sample in samples)


def test_requests_leave_although_none_before_them_was_answered():
    samples = measure(Server(hold=10), rate=200, timeout=10)
    assert [sample.error for sample in samples if sample.error] == []
    assert len(samples) == 10


def test_latency_counts_from_the_time_a_request_was_to_leave():
    samples = measure(Server(delay=0.1), rate=200)
    assert all(sample.latency >= 0.1 for sample in samples)


def test_keep_alive_clients_stay_on_one_connection():
    server = Server()
    samples = measure(server, rate=0, clients=2, pace=100)
    assert [sample.kind for sample in samples] == ["kept"] * 10
    assert (server.connections, server.requests) == (2, 10)


def test_keep_alive_clients_leave_when_they_are_told_to():
    server = Server(close=True)
    samples = measure(server, rate=0, clients=1, pace=100)
    assert not any(sample.error for sample in samples)
    assert server.connections == 5


def test_what_a_keep_alive_client_waits_for_counts_for_its_next_requests():
    samples = measure(Server(delay=0.03), rate=0, clients=1, pace=100)
    latencies = [sample.latency for sample in samples]
    assert latencies == sorted(latencies)
    assert latencies[-1] > 0.1


def test_a_connection_that_is_closed_unanswered_is_a_failure():
    samples = measure(Server(misbehave=lambda number, writer: number == 5), rate=200)
    assert [s.error for s in samples if s.error] == ["closed without an answer"]


def test_another_status_is_a_failure():
    def unavailable(number, writer) -> bool:
        writer.write(b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n")
        return True

    samples = measure(Server(misbehave=unavailable), rate=100)
    assert {sample.error for sample in samples} == {"status 503"}


def test_a_refused_connection_is_a_failure():
    async def run():
        async with Server().listening() as target:
            pass
        return await Load(target, rate=100, clients=1).run(0.05)

    assert {sample.error for sample in asyncio.run(run())} == {"ConnectionRefusedError"}


def test_no_answer_in_time_is_a_failure():
    samples = measure(Server(delay=5), rate=100, timeout=0.05)
    assert {sample.error for sample in samples} == {"timeout"}


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "http://[2001:db8::1]:80/"])
def test_only_loopback_addresses_are_asked(url):
    with pytest.raises(ValueError, match="not a loopback address"):
        Target(url)


def test_a_token_goes_along_with_each_request_and_is_printed_nowhere():
    target = Target("http://127.0.0.1:5000/v3/auth/projects", token="secret")
    for keep in (True, False):
        assert b"\r\nX-Auth-Token: secret\r\n" in target.request(keep)
    assert "secret" not in repr(target)
    assert b"X-Auth-Token" not in Target("http://127.0.0.1:5000/v3").request(keep=True)
