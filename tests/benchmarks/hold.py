"""How long requests to Keystone that need the database wait while MariaDB is replaced."""

import configparser
import json
import time
import urllib.request

from tests.benchmarks import lab
from tests.benchmarks.loading import Loading, wait_until_it_answers
from tests.benchmarks.report import Result, milliseconds
from tests.benchmarks.stats import Sample, between, median, summarise

#: Requests a second of the open loop, each a matter of some queries; and clients who stay.
RATE, CLIENTS = 10, 1
KEYSTONE = f"http://{lab.ADDRESS}:5000/v3"
#: Whatever is asked there, the token is looked up in the database first.
URL = f"{KEYSTONE}/auth/projects"
#: Seconds after a change in which requests that have waited are answered.
AFTER = 3


class Database:
    """MariaDB, changed in three ways in turn."""

    kinds = ("upgrade", "rollback", "restart")

    def __init__(self, deployment: lab.Deployment):
        self.deployment = deployment

    def change(self, number: int) -> str:
        """What was done to it."""
        kind = self.kinds[number % len(self.kinds)]
        if kind == "upgrade":
            clients = f"[database]\nmax_connections = {500 + number}\n"
            self.deployment.configure(clients, "80-change")
        self.deployment.kolla("container", kind, "mariadb")
        return kind


def token(deployment: lab.Deployment) -> str:
    """Of the administrator, who logs in."""
    secrets = configparser.ConfigParser(interpolation=None)
    secrets.read(deployment.config_dir / "kolla.conf.d" / "passwords.conf")
    password = secrets["identity"]["admin_password"]
    user = {"name": "admin", "domain": {"id": "default"}, "password": password}
    login = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    request = urllib.request.Request(
        f"{KEYSTONE}/auth/tokens", json.dumps(login).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers["X-Subject-Token"]


def run(quick: bool) -> Result:
    changes, steady = (3, 10) if quick else (12, 30)
    marks = []
    with lab.running_engine() as engine, lab.deployment(engine) as deployment:
        lab.build_images(deployment, "mariadb", "keystone")
        deployment.configure("[host]\nenabled = mariadb, keystone\n", "70-enabled")
        deployment.kolla("set", "start")
        wait_until_it_answers(KEYSTONE)
        database = Database(deployment)
        load = Loading(URL, RATE, deployment.directory / "samples", token(deployment), CLIENTS)
        with load.running():
            time.sleep(3)
            rest = time.monotonic(), time.monotonic() + steady
            time.sleep(steady)
            for number in range(changes):
                begin = time.monotonic()
                kind = database.change(number)
                marks.append((kind, begin, time.monotonic()))
                time.sleep(AFTER)
    return _result(load.samples, rest, marks)


def _result(
    samples: list[Sample], rest: tuple[float, float], marks: list[tuple[str, float, float]]
) -> Result:
    parts = {"at rest": between(samples, *rest)}
    for kind in Database.kinds:
        parts[kind] = [
            sample for what, begin, end in marks if what == kind
            for sample in between(samples, begin, end + AFTER)
        ]
    took = {kind: [end - begin for what, begin, end in marks if what == kind] for kind in parts}
    changed = [sample for kind in Database.kinds for sample in parts[kind]]
    errors = sorted({sample.error for sample in changed if sample.error})
    return Result(
        "hold",
        f"{len(marks)} changes of MariaDB in a row, at {RATE} requests of Keystone a second that"
        f" need it, on new connections, and {CLIENTS} keep-alive client",
        ("change", "each takes", "requests", "failed", "longest wait", "p50", "p99"),
        [_row(kind, took[kind], parts[kind]) for kind in parts],
        {"samples": {kind: [sample.latency for sample in parts[kind]] for kind in parts},
         "changes": took},
        {"no request failed": not errors},
        ["Waits count from the time a request was to leave.",
         *(f"failed: {error}" for error in errors)],
    )


def _row(kind: str, took: list[float], samples: list[Sample]) -> list[str]:
    found = summarise(samples)
    longest = max((sample.latency for sample in samples), default=0)
    return [
        kind, f"{median(took):.1f} s" if took else "", f"{found.requests:,}", f"{found.failed:,}",
        *map(milliseconds, (longest, found.p50, found.p99)),
    ]
