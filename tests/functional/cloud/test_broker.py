"""What services that call each other over the broker notice when it is replaced."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator

from tests.functional.support.cloud import Cloud
from tests.functional.support.database import act

#: A service and its only client, who calls it again and again until standard input ends.
CALLS = """
import json, os, sys, threading, time
import oslo_messaging as messaging
from oslo_config.cfg import CONF

with open("/tmp/messaging.crt", "w") as authority:
    authority.write(os.environ["AUTHORITY"])
CONF([])

class Service:
    def ask(self, context, number):
        return number

here = messaging.Target(topic="asked", server="0b1f3a52-8c1e-4f0e-9d3a-6a7c1f2e3d4b")
transport = messaging.get_rpc_transport(CONF)
messaging.get_rpc_server(transport, here, [Service()]).start()
client = messaging.get_rpc_client(
    messaging.get_rpc_transport(CONF), messaging.Target(topic="asked"), timeout=60)
ended, number = threading.Event(), 0
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
while not ended.wait(0.05):
    number, error, began = number + 1, "", time.monotonic()
    try:
        assert client.call({}, "ask", number=number) == number
    except Exception as failure:
        error = repr(failure)
    print(json.dumps([time.monotonic() - began, error]), flush=True)
os._exit(0)
"""


class Calls:
    """Each that has ended: how long it took, and how it failed, if it did."""

    def __init__(self, process: subprocess.Popen):
        self.process, self.lines = process, process.stdout

    def next(self) -> tuple[float, str]:
        return tuple(json.loads(next(self.lines)))

    def rest(self) -> list[tuple[float, str]]:
        self.process.stdin.close()
        return [tuple(json.loads(line)) for line in self.lines]


@contextlib.contextmanager
def calling(cloud: Cloud) -> Iterator[Calls]:
    """Calls over the broker, in Keystone's container, which has what it takes."""
    login = f"openstack:{cloud.secrets()['messaging.password']}@{cloud.deployment.address}"
    variables = {
        "OS_DEFAULT__TRANSPORT_URL": f"rabbit://{login}:5672//",
        "OS_OSLO_MESSAGING_RABBIT__SSL": "true",
        "OS_OSLO_MESSAGING_RABBIT__SSL_CA_FILE": "/tmp/messaging.crt",
        "AUTHORITY": (cloud.certificates / "rabbitmq" / "authority.crt").read_text(),
    }
    options = [word for name in variables for word in ("-e", name)]
    with subprocess.Popen(
        ["docker", "-H", cloud.deployment.engine.url, "exec", "-i", *options,
         *cloud.running("keystone"), "/opt/kolla/bin/python", "-c", CALLS],
        env={**os.environ, **variables}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:
        try:
            yield Calls(process)
        finally:
            process.kill()


def policies(cloud: Cloud) -> dict[str, str]:
    """By queue: the policy that holds for it."""
    listed = cloud.deployment.kolla(
        "container", "exec", "rabbitmq", "--", "rabbitmqctl", "-q", "list_queues",
        "--formatter", "json", "name", "policy")
    return {row["name"]: row["policy"] for row in json.loads(listed.stdout)}


def test_a_queue_of_one_process_expires_and_others_stay(cloud):
    with calling(cloud) as calls:
        assert calls.next()[1] == ""
        found = policies(cloud)
    assert found["asked.0b1f3a52-8c1e-4f0e-9d3a-6a7c1f2e3d4b"] == "queues-of-processes"
    assert found["asked"] == ""


def test_calls_over_the_broker_wait_while_it_is_replaced(cloud):
    with calling(cloud) as calls:
        assert calls.next()[1] == ""
        took = act(cloud.deployment, "restart", "rabbitmq")["seconds"]
        found = [calls.next() for _ in range(20)] + calls.rest()
    longest = max(seconds for seconds, _ in found)
    print(f"RabbitMQ was replaced in {took} s, and the longest call took {longest:.1f} s")
    assert [error for _, error in found if error] == []
