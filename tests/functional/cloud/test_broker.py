"""What services that call each other over the broker notice when it is replaced."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator

import amqp
import pytest

from tests.functional.support.calls import connection
from tests.functional.support.cloud import Cloud
from tests.functional.support.database import act
from tests.functional.support.watching import until

MEGABYTE = 1 << 20
#: A service and its only client, who calls it again and again until standard input ends. A line
#: there is the name of a signal for the service.
CALLS = """
import json, os, signal, sys, threading, time
import oslo_messaging as messaging
from oslo_config.cfg import CONF

with open("/tmp/messaging.crt", "w") as authority:
    authority.write(os.environ["AUTHORITY"])
CONF([])

class Service:
    def ask(self, context, number):
        return number

service = os.fork()
if service == 0:
    here = messaging.Target(topic="asked", server="0b1f3a52-8c1e-4f0e-9d3a-6a7c1f2e3d4b")
    server = messaging.get_rpc_server(messaging.get_rpc_transport(CONF), here, [Service()])
    server.start()
    server.wait()
client = messaging.get_rpc_client(
    messaging.get_rpc_transport(CONF), messaging.Target(topic="asked"), timeout=60)
ended, number = threading.Event(), 0

def obey():
    for line in sys.stdin:
        os.kill(service, getattr(signal, line.strip()))
    ended.set()

threading.Thread(target=obey, daemon=True).start()
while not ended.wait(0.05):
    number, error, began = number + 1, "", time.monotonic()
    try:
        assert client.call({}, "ask", number=number) == number
    except Exception as failure:
        error = repr(failure)
    print(json.dumps([time.monotonic() - began, error]), flush=True)
os.kill(service, signal.SIGKILL)
os._exit(0)
"""


class Calls:
    """Each that has ended: how long it took, and how it failed, if it did."""

    def __init__(self, process: subprocess.Popen):
        self.process, self.lines = process, process.stdout

    def next(self) -> tuple[float, str]:
        return tuple(json.loads(next(self.lines)))

    def signal(self, name: str) -> None:
        """Send the service a signal."""
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()

    def rest(self) -> list[tuple[float, str]]:
        self.process.stdin.close()
        return [tuple(json.loads(line)) for line in self.lines]


@contextlib.contextmanager
def calling(cloud: Cloud) -> Iterator[Calls]:
    """Calls over the broker, in Keystone's container, which has what it takes."""
    login = f"openstack:{cloud.secrets()['messaging.password']}@{cloud.deployment.address}"
    variables = {
        "OS_DEFAULT__TRANSPORT_URL": f"rabbit://{login}:5672//",
        "OS_OSLO_MESSAGING_RABBIT__AMQP_DURABLE_QUEUES": "true",
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


def queues(cloud: Cloud, column: str) -> dict[str, str | int]:
    """By name: a column of RabbitMQ's list of queues."""
    listed = cloud.deployment.kolla(
        "container", "exec", "rabbitmq", "--", "rabbitmqctl", "-q", "list_queues",
        "--formatter", "json", "name", column)
    return {row["name"]: row[column] for row in json.loads(listed.stdout)}


@pytest.mark.exhaustive
def test_a_queue_of_one_process_expires_and_others_stay(cloud):
    with calling(cloud) as calls:
        assert calls.next()[1] == ""
        found = queues(cloud, "policy")
    assert found["asked.0b1f3a52-8c1e-4f0e-9d3a-6a7c1f2e3d4b"] == "queues-of-processes"
    assert found["asked"] == ""


@pytest.mark.exhaustive
def test_calls_over_the_broker_wait_while_it_is_replaced(cloud):
    with calling(cloud) as calls:
        assert calls.next()[1] == ""
        took = act(cloud.deployment, "restart", "rabbitmq")["seconds"]
        found = [calls.next() for _ in range(20)] + calls.rest()
    longest = max(seconds for seconds, _ in found)
    print(f"RabbitMQ was replaced in {took} s, and the longest call took {longest:.1f} s")
    assert [error for _, error in found if error] == []


@pytest.mark.exhaustive
def test_a_call_waits_for_a_service_that_comes_back_to_the_broker_after_its_client(cloud):
    with calling(cloud) as calls:
        assert calls.next()[1] == ""
        calls.signal("SIGSTOP")
        act(cloud.deployment, "restart", "rabbitmq")
        until(lambda: queues(cloud, "messages_ready").get("asked") == 1)
        calls.signal("SIGCONT")
        found = [calls.next() for _ in range(20)] + calls.rest()
    assert [error for _, error in found if error] == []


def test_what_services_tell_and_nobody_reads_does_not_fill_the_broker(cloud):
    """The oldest goes."""
    told, kept = 80, 64
    with connection(cloud, tls=True) as broker:
        channel = broker.channel()
        channel.queue_declare("notifications.info", auto_delete=False)
        for number in range(told):
            message = amqp.Message(f"{number:04}".ljust(MEGABYTE - 1))
            channel.basic_publish_confirm(message, routing_key="notifications.info")
        size = queues(cloud, "message_bytes")["notifications.info"]
        oldest = channel.basic_get("notifications.info", no_ack=True).body
        channel.queue_delete("notifications.info")
    assert size <= kept * MEGABYTE
    assert int(oldest[:4]) == told - kept
