"""What the RabbitMQ image makes of its environment, and its option list."""

import base64
import hashlib
import re
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolla.plugin import shared_folder

ENVIRONMENT = {
    "KOLLA_ADDRESS": "10.0.0.5", "KOLLA_PORT": "5672",
    "KOLLA_DISTRIBUTION_ADDRESS": "127.0.0.1", "KOLLA_DISTRIBUTION_PORT": "25672",
    "KOLLA_EPMD_PORT": "4369", "KOLLA_NODE": "control1", "KOLLA_USER": "openstack",
    "KOLLA_PASSWORD": "s3cret", "KOLLA_COOKIE": "c00kie",
}
SCHEMA = """\
%% {tcp_listeners, [5672]},
{mapping, "listeners.tcp", "rabbit.tcp_listeners",[
    {datatype, {enum, [none]}}
]}.
{mapping, "listeners.tcp.$name", "rabbit.tcp_listeners",[
    {datatype, [integer, ip]}
]}.
{translation, "rabbit.tcp_listeners",
fun(Conf) -> [] end}.
{mapping, "heartbeat", "rabbit.heartbeat", [{datatype, integer}]}.
{mapping, "vm_memory_high_watermark.relative", "rabbit.vm_memory_high_watermark", [
    {datatype, float}]}.
{mapping, "mirroring_sync", "rabbit.sync", [
    {datatype, {enum, [true, false]}}
]}.
"""


def load(name: str) -> types.ModuleType:
    """A script of the image as a module; leaves no compiled file in the build context."""
    path = shared_folder("docker", "rabbitmq", name)
    module = types.ModuleType(name)
    exec(compile(path.read_text(), path, "exec"), module.__dict__)
    return module


start = load("kolla-start")
options = load("options.py").options


def settings(**more: str) -> dict[str, str]:
    """rabbitmq.conf as the server reads it: the last of equal keys."""
    lines = start.settings({**ENVIRONMENT, **more})
    return dict(line.split(" = ", 1) for line in lines)


def test_clients_reach_the_configured_address_and_other_nodes_the_one_of_the_distribution():
    assert settings()["listeners.tcp.default"] == "10.0.0.5:5672"
    variables = start.variables(ENVIRONMENT)
    assert variables["ERL_EPMD_ADDRESS"] == "127.0.0.1"
    assert "inet_dist_use_interface {127,0,0,1}" in (
        variables["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"]
    )


def test_during_a_move_clients_are_served_on_both_addresses():
    found = settings(KOLLA_FORMER_ADDRESS="127.0.0.1", KOLLA_PLAIN_PORT="5673")
    assert {name: value for name, value in found.items() if name.startswith("listeners.")} == {
        "listeners.tcp.default": "10.0.0.5:5672", "listeners.tcp.former": "127.0.0.1:5672",
        "listeners.tcp.plain_default": "10.0.0.5:5673",
        "listeners.tcp.plain_former": "127.0.0.1:5673",
    }
    assert "listeners.tcp.former" not in settings(KOLLA_FORMER_ADDRESS="10.0.0.5")


def test_any_key_of_rabbitmq_conf_comes_from_the_environment():
    found = settings(**{"OS_DEFAULT__VM_MEMORY_HIGH_WATERMARK.RELATIVE": "0.3"})
    assert found["vm_memory_high_watermark.relative"] == "0.3"


@pytest.mark.parametrize("name", ["OS_DEFAULT__LOAD_DEFINITIONS", "OS_OTHER__HEARTBEAT"])
def test_a_key_that_cannot_be_set_is_named(name):
    with pytest.raises(SystemExit, match=name):
        settings(**{name: "1"})


@given(password=st.text(min_size=1), salt=st.binary(min_size=4, max_size=4))
def test_any_password_is_imported_as_a_hash_that_the_broker_can_verify(password, salt):
    user, = start.definitions("openstack", password, salt)["users"]
    stored = base64.b64decode(user["password_hash"])
    assert stored == stored[:4] + hashlib.sha256(stored[:4] + password.encode()).digest()


@pytest.mark.parametrize("queue, expires", [
    ("heat-engine-listener.0b1f3a52-8c1e-4f0e-9d3a-6a7c1f2e3d4b", True),
    ("compute.control1.example.org", False), ("notifications.info", False),
    ("0b1f3a52-8c1e-4f0e-9d3a-6a7c1f2e3d4b.control1", False),
])
def test_only_a_queue_of_one_process_expires(queue, expires):
    policy = policies()["queues-of-processes"]
    assert policy["definition"] == {"expires": 1_800_000}
    assert bool(re.search(policy["pattern"], queue)) is expires


@pytest.mark.parametrize("queue, bounded", [
    ("notifications.info", True), ("notifications.sample", True), ("alarming.sample", True),
    ("alarm.all.sample", True), ("conductor", False), ("notifications_of_mine", False),
])
def test_what_nobody_may_read_takes_bounded_space(queue, bounded):
    policy = policies()["notifications"]
    assert policy["definition"] == {"max-length-bytes": 64 << 20, "overflow": "drop-head"}
    assert bool(re.search(policy["pattern"], queue)) is bounded


def policies() -> dict[str, dict]:
    found = start.definitions("openstack", "secret", b"salt")["policies"]
    return {policy["name"]: policy for policy in found}


def test_a_host_name_with_dots_makes_a_long_node_name():
    assert start.variables(ENVIRONMENT)["RABBITMQ_USE_LONGNAME"] == "false"
    long = {**ENVIRONMENT, "KOLLA_NODE": "control1.example.org"}
    assert start.variables(long)["RABBITMQ_USE_LONGNAME"] == "true"


def test_data_of_another_node_is_refused_and_named(tmp_path, monkeypatch):
    (tmp_path / "mnesia" / "rabbit@old").mkdir(parents=True)
    monkeypatch.setattr(start, "DATA", tmp_path)
    start.refuse_data_of_another_node("rabbit@old")
    with pytest.raises(SystemExit, match="belongs to rabbit@old and this is rabbit@new"):
        start.refuse_data_of_another_node("rabbit@new")


def test_keys_of_a_schema_become_options_and_their_variable_parts_patterns():
    assert options(SCHEMA) == {
        "listeners.tcp": {"type": "string", "choices": ["none"]},
        "listeners.tcp.*": {"type": "string"},
        "heartbeat": {"type": "integer"},
        "vm_memory_high_watermark.relative": {"type": "float"},
        "mirroring_sync": {"type": "boolean"},
    }


def test_with_a_certificate_clients_need_tls_except_on_the_port_that_is_for_the_others(
    tmp_path, monkeypatch
):
    certificate = tmp_path / "server.crt"
    certificate.touch()
    monkeypatch.setattr(start, "CERTIFICATE", certificate)
    found = settings()
    assert found["listeners.tcp"] == "none"
    assert found["listeners.ssl.default"] == "10.0.0.5:5672"
    assert found["ssl_options.keyfile"] == f"{certificate}.key"
    found = settings(KOLLA_PLAIN_PORT="5673")
    assert found["listeners.tcp.plain_default"] == "10.0.0.5:5673" and "listeners.tcp" not in found
