"""A load generator in a process of its own, and the probe that tells that a service answers."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from tests.benchmarks.load import TOKEN
from tests.benchmarks.stats import Sample

#: No benchmark loads a service for longer than this many seconds.
AT_MOST = 1800


class Loading:
    """``samples`` are there once the load has ended. Those who ask have a ``token``, or none."""

    def __init__(
        self, url: str, rate: float, output: pathlib.Path, token: str = "", clients: int = 4,
        pace: float = 10,
    ):
        self.url, self.rate, self.output = url, rate, output
        self.token, self.clients, self.pace = token, clients, pace
        self.samples: list[Sample] = []

    @contextlib.contextmanager
    def running(self) -> Iterator["Loading"]:
        process = subprocess.Popen([
            sys.executable, "-m", "tests.benchmarks.load", self.url, "--rate", str(self.rate),
            "--clients", str(self.clients), "--pace", str(self.pace),
            "--seconds", str(AT_MOST), "--output", str(self.output),
        ], stdout=subprocess.DEVNULL, env={**os.environ, TOKEN: self.token})
        try:
            yield self
        finally:
            process.terminate()
            process.wait(60)
        lines = self.output.read_text().splitlines()
        self.samples = [Sample(**json.loads(line)) for line in lines]


def wait_until_it_answers(url: str, token: str = "", timeout: float = 60) -> None:
    question = urllib.request.Request(url, headers={"X-Auth-Token": token} if token else {})
    deadline = time.monotonic() + timeout
    while True:
        try:
            with urllib.request.urlopen(question, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
