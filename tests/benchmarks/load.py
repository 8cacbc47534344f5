"""An open-loop load: requests leave on time, even if the server is slow.

    python -m tests.benchmarks.load http://127.0.0.1:5000/v3 --seconds 10

Each request of the open loop has a connection of its own. Beside them some keep-alive
clients ask in turn, on time as well, and honour ``Connection: close``. A latency counts
from the time a request was to leave. Only loopback addresses are asked.

With a token of Keystone in ``KOLLA_LOAD_TOKEN``, requests are those of its user.

It ends after ``--seconds``, or when it is told to with SIGTERM, and writes a line of JSON for
each request: the fields of :class:`tests.benchmarks.stats.Sample`.
"""

import argparse
import asyncio
import dataclasses
import ipaddress
import json
import os
import pathlib
import resource
import signal
import sys
import urllib.parse

from tests.benchmarks.stats import Sample, summarise

#: The variable of the environment that may hold a token.
TOKEN = "KOLLA_LOAD_TOKEN"
#: Seconds after which a request counts as failed.
TIMEOUT = 30
#: No load lasts longer than this many seconds, or has more requests a second.
LONGEST, FASTEST = 3600, 1000


@dataclasses.dataclass(frozen=True)
class Target:
    """What is asked; raises ``ValueError`` if it is not on this machine's loopback."""

    url: str
    #: The status that counts as an answer.
    status: int = 200
    #: Of who asks; empty: nobody in particular.
    token: str = dataclasses.field(default="", repr=False)

    def __post_init__(self):
        if not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError(f"{self.host} is not a loopback address")

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.url).port or 80

    def request(self, keep: bool) -> bytes:
        path = urllib.parse.urlsplit(self.url).path or "/"
        connection = "keep-alive" if keep else "close"
        head = f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
        token = f"X-Auth-Token: {self.token}\r\n" if self.token else ""
        end = f"User-Agent: kolla-load\r\nConnection: {connection}\r\n\r\n"
        return f"{head}{token}{end}".encode()


class Failure(Exception):
    """A request was not answered as it should be."""


class Connection(asyncio.Protocol):
    """One HTTP connection, for one request at a time."""

    def __init__(self):
        self.usable = False
        self._answer: asyncio.Future | None = None
        self._received = b""

    @classmethod
    async def open(cls, target: Target) -> "Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, target.host, target.port)
        return connection

    def connection_made(self, transport) -> None:
        self._transport, self.usable = transport, True

    async def ask(self, request: bytes) -> int:
        """The status of the answer, once all of it is there."""
        self._answer = asyncio.get_running_loop().create_future()
        self._received = b""
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if b"\r\n\r\n" not in self._received or self._answer is None or self._answer.done():
            return
        head, body = self._received.split(b"\r\n\r\n", 1)
        fields = head.lower().split(b"\r\n")
        if _is_whole(fields, body):
            if b"connection: close" in fields:
                self.close()
            self._answer.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, error: Exception | None) -> None:
        self.usable = False
        if self._answer is not None and not self._answer.done():
            reason = type(error).__name__ if error else "closed without an answer"
            self._answer.set_exception(Failure(reason))

    def close(self) -> None:
        self.usable = False
        self._transport.close()


def _is_whole(fields: list[bytes], body: bytes) -> bool:
    for field in fields:
        name, _, value = field.partition(b":")
        if name == b"content-length":
            return len(body) >= int(value)
        if name == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    return False


class Load:
    """An open loop of ``rate`` requests a second, and keep-alive clients of ``pace`` each."""

    def __init__(self, target: Target, rate: float = 200, clients: int = 4, pace: float = 10,
                 timeout: float = TIMEOUT):
        self.target, self.rate, self.timeout = target, rate, timeout
        self.clients, self.pace = clients, pace
        self.samples: list[Sample] = []
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Nothing leaves any more; what has left is waited for."""
        self._stop.set()

    async def run(self, seconds: float) -> list[Sample]:
        self._loop = asyncio.get_running_loop()
        self._begin = self._loop.time() + 0.01
        async with asyncio.TaskGroup() as group:
            group.create_task(self._open_loop(seconds))
            for number in range(self.clients):
                group.create_task(self._client(number, seconds))
        return sorted(self.samples, key=lambda sample: sample.intended)

    async def _open_loop(self, seconds: float) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(round(seconds * self.rate)):
                intended = self._begin + number / self.rate
                if not await self._time_for(intended):
                    return
                group.create_task(self._sample("new", intended, self._ask_once))

    async def _client(self, number: int, seconds: float) -> None:
        """A keep-alive client; its requests wait for each other, and the wait counts."""
        connection: Connection | None = None

        async def ask() -> int:
            nonlocal connection
            if connection is None or not connection.usable:
                connection = await Connection.open(self.target)
            return await connection.ask(self.target.request(keep=True))

        first = self._begin + number / self.pace / self.clients
        for turn in range(round(seconds * self.pace)):
            intended = first + turn / self.pace
            if not await self._time_for(intended):
                break
            if not await self._sample("kept", intended, ask) and connection:
                connection.close()
        if connection:
            connection.close()

    async def _time_for(self, intended: float) -> bool:
        """Wait until then; False if the load is over before."""
        delay = intended - self._loop.time()
        if delay > 0 and not self._stop.is_set():
            await asyncio.sleep(delay)
        return not self._stop.is_set()

    async def _ask_once(self) -> int:
        connection = await Connection.open(self.target)
        try:
            return await connection.ask(self.target.request(keep=False))
        finally:
            connection.close()

    async def _sample(self, kind: str, intended: float, ask) -> bool:
        departed, error = self._loop.time(), ""
        try:
            async with asyncio.timeout(self.timeout):
                status = await ask()
            if status != self.target.status:
                error = f"status {status}"
        except TimeoutError:
            error = "timeout"
        except (OSError, Failure) as failure:
            error = str(failure) if isinstance(failure, Failure) else type(failure).__name__
        self.samples.append(Sample(kind, intended, departed, self._loop.time(), error))
        return not error


def _prefer_this_process() -> None:
    """As if it ran on a machine of its own, the load takes the time that it needs."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except PermissionError:
        print("load: not allowed to raise its priority", file=sys.stderr)


async def _main(load: Load, seconds: float) -> list[Sample]:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, load.stop)
    return await load.run(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.load")
    parser.add_argument("url")
    parser.add_argument("--status", type=int, default=200, help="of a good answer")
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    parser.add_argument("--clients", type=int, default=4, help="keep-alive clients")
    parser.add_argument("--pace", type=float, default=10, help="requests a second of each of them")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--output", type=pathlib.Path, help="where the samples go")
    arguments = parser.parse_args()
    if arguments.rate > FASTEST or arguments.seconds > LONGEST:
        parser.error(f"at most {FASTEST} requests a second for {LONGEST} seconds")
    try:
        target = Target(arguments.url, arguments.status, os.environ.get(TOKEN, ""))
    except ValueError as error:
        parser.error(str(error))
    _prefer_this_process()
    load = Load(target, arguments.rate, arguments.clients, arguments.pace)
    samples = asyncio.run(_main(load, arguments.seconds))
    if arguments.output:
        lines = (json.dumps(dataclasses.asdict(sample)) for sample in samples)
        arguments.output.write_text("".join(f"{line}\n" for line in lines))
    print(summarise(samples))


if __name__ == "__main__":
    main()
