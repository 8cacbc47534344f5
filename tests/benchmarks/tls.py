"""What TLS costs: requests a second of the same Keystone, over TLS and without it, in turns."""

import concurrent.futures
import configparser
import http.client
import json
import ssl
import time

from tests.benchmarks import lab
from tests.benchmarks.report import Result
from tests.benchmarks.stats import median

#: Of the throughput without TLS.
BAR = 0.8
CLIENTS = 4
PLAIN, TLS = 5001, 5000
CONFIGURATION = f"""\
[host]
enabled = mariadb, keystone
[database]
tls = true
[api]
tls = true
[keystone]
port = {TLS}
plain_port = {PLAIN}
"""


class Client:
    """Asks for the versions, or logs in, as fast as it is answered."""

    def __init__(self, port: int, context: ssl.SSLContext, password: str, keep: bool):
        self.port, self.context, self.keep = port, context, keep
        user = {"name": "admin", "domain": {"id": "default"}, "password": password}
        self.login = json.dumps({"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}}
        }})

    def connect(self) -> http.client.HTTPConnection:
        if self.port == TLS:
            return http.client.HTTPSConnection(lab.ADDRESS, TLS, context=self.context, timeout=30)
        return http.client.HTTPConnection(lab.ADDRESS, self.port, timeout=30)

    def run(self, seconds: float) -> int:
        """How many requests were answered in that time."""
        end, count, connection = time.monotonic() + seconds, 0, self.connect()
        while time.monotonic() < end:
            if self.keep:
                connection.request("GET", "/v3")
            else:
                connection = self.connect()
                connection.request(
                    "POST", "/v3/auth/tokens", self.login, {"Content-Type": "application/json"}
                )
            answer = connection.getresponse()
            answer.read()
            assert answer.status < 300, answer.status
            count += 1
            if not self.keep:
                connection.close()
        connection.close()
        return count


def throughput(client: Client, seconds: float) -> float:
    """Requests a second of all clients together."""
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        counts = pool.map(client.run, [seconds] * CLIENTS)
    return sum(counts) / seconds


def run(quick: bool) -> Result:
    rounds, seconds = (3, 2) if quick else (9, 5)
    kinds = {"GET /v3, connections kept": True, "login, a new connection each": False}
    with lab.running_engine() as engine, lab.deployment(engine) as deployment:
        lab.build_images(deployment, "mariadb", "keystone")
        deployment.configure(CONFIGURATION)
        deployment.kolla("config", "certificates")
        deployment.kolla("set", "start")
        folder = deployment.config_dir / "certificates" / "keystone"
        context = ssl.create_default_context(cafile=folder / "authority.crt")
        secrets = configparser.ConfigParser(interpolation=None)
        secrets.read(deployment.config_dir / "kolla.conf.d" / "passwords.conf")
        password = secrets["identity"]["admin_password"]
        found = {
            (kind, port): [] for kind in kinds for port in (PLAIN, TLS)
        }
        for _ in range(rounds):
            for kind, port in found:
                client = Client(port, context, password, kinds[kind])
                found[kind, port].append(throughput(client, seconds))
    medians = {key: median(values) for key, values in found.items()}
    ratios = {kind: medians[kind, TLS] / medians[kind, PLAIN] for kind in kinds}
    return Result(
        "tls", f"requests a second of one Keystone, {CLIENTS} clients (median of {rounds})",
        ("", "without TLS", "with TLS", "ratio"),
        [[kind, f"{medians[kind, PLAIN]:.0f}", f"{medians[kind, TLS]:.0f}", f"{ratios[kind]:.2f}"]
         for kind in kinds],
        {f"{kind}, {port}": values for (kind, port), values in found.items()},
        {f"{kind}: at least {BAR:.0%} of the throughput": ratio >= BAR
         for kind, ratio in ratios.items()},
    )
