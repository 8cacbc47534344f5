"""What the scripts of Octavia's images do; no server is asked."""

import functools
import sys
import types
from unittest.mock import MagicMock

import pytest

NETWORK, ADDRESS = "10.254.240.0/20", "10.254.240.2"


@pytest.fixture
def amphorae(load, monkeypatch):
    monkeypatch.setenv("KOLLA_MANAGEMENT_NETWORK", NETWORK)
    monkeypatch.setenv("KOLLA_MANAGEMENT_ADDRESS", ADDRESS)
    monkeypatch.setenv("KOLLA_HOST", "here")
    return load("octavia-amphora", "bin", "kolla-amphorae")


@pytest.mark.parametrize("network, address, complaint", [
    (NETWORK, "10.254.250.1", "should be an address from 10.254.240.1 to 10.254.247.255"),
    (NETWORK, "10.254.240.0", "should be an address from 10.254.240.1 to 10.254.247.255"),
    (NETWORK, "192.0.2.11", "should be an address from 10.254.240.1 to 10.254.247.255"),
    ("10.254.240.1/20", ADDRESS, "10.254.240.1/20 has host bits set"),
    ("amphorae", ADDRESS, "management_network"),
    (NETWORK, "here", "management_address"),
])
def test_only_an_address_in_the_lower_half_of_the_network_can_be_a_hosts(
    amphorae, monkeypatch, network, address, complaint
):
    amphorae.verify()
    monkeypatch.setenv("KOLLA_MANAGEMENT_NETWORK", network)
    monkeypatch.setenv("KOLLA_MANAGEMENT_ADDRESS", address)
    with pytest.raises(SystemExit, match=complaint):
        amphorae.verify()


@pytest.mark.parametrize("command", ["verify", "prepare", "join", "remove"])
def test_nothing_is_made_without_a_management_network(amphorae, monkeypatch, command):
    monkeypatch.setenv("KOLLA_MANAGEMENT_NETWORK", "")
    monkeypatch.setattr(amphorae, "connect", lambda: pytest.fail("it has asked the cloud"))
    monkeypatch.setattr(sys, "argv", ["kolla-amphorae", command])
    amphorae.main()


def test_hosts_reach_the_agent_of_an_amphora_and_other_amphorae_do_not(amphorae):
    """Nothing is there yet."""
    cloud = MagicMock()
    for find in (cloud.network.find_network, cloud.network.find_subnet,
                 cloud.network.find_security_group, cloud.compute.find_flavor):
        find.return_value = None
    cloud.network.create_subnet.return_value.cidr = NETWORK
    amphorae.prepare(cloud)
    (rule,) = cloud.network.create_security_group_rule.call_args_list
    assert rule.kwargs["remote_ip_prefix"] == "10.254.240.0/21"
    (pool,) = cloud.network.create_subnet.call_args.kwargs["allocation_pools"]
    assert pool == {"start": "10.254.248.0", "end": "10.254.255.254"}


def test_an_address_that_this_host_does_not_have_is_refused(amphorae, monkeypatch):
    monkeypatch.setenv("KOLLA_MANAGEMENT_ADDRESS", "192.0.2.11")
    with pytest.raises(SystemExit, match=r"192.0.2.11 is no address of this host; \[neutron\]"):
        amphorae.present()


@pytest.mark.parametrize("owner, holder", [
    ("octavia:host", "there"), ("compute:nova", "a-server"), ("", ""),
])
def test_an_address_that_is_taken_is_refused(amphorae, owner, holder):
    port = types.SimpleNamespace(device_owner=owner, device_id=holder, id="a-port")
    cloud = MagicMock()
    cloud.network.ports.return_value = [port]
    with pytest.raises(SystemExit, match=f"{ADDRESS} is taken in the network octavia-management"):
        amphorae.reserve(cloud, "a-network")
    cloud.network.create_port.assert_not_called()


def test_the_image_of_this_container_is_the_only_one_with_the_tag_of_its_release(
    amphorae, monkeypatch, tmp_path
):
    """The one of before loses the tag once the new one is there. Repeated, it does nothing."""
    monkeypatch.setenv("KOLLA_RELEASE", "2026.1")
    monkeypatch.setattr(amphorae, "FILES", tmp_path)
    for name in ("disk", "kernel", "ramdisk"):
        (tmp_path / name).write_bytes(name.encode())
    before, glance = types.SimpleNamespace(name="octavia-amphora-before"), MagicMock()
    glance.images.side_effect = lambda **wanted: [before] if "tag" in wanted else []
    amphorae.upload(types.SimpleNamespace(image=glance, current_project_id="service"))
    made = [call.kwargs for call in glance.create_image.call_args_list]
    assert [each.get("tags") for each in made] == [None, None, ["octavia-amphora-2026.1"]]
    glance.remove_tag.assert_called_once_with(before, "octavia-amphora-2026.1")

    before.name = made[-1]["name"]
    amphorae.upload(types.SimpleNamespace(image=glance, current_project_id="service"))
    assert glance.create_image.call_count == 3


def test_the_cloud_is_asked_as_octavias_user_whose_password_may_have_a_dollar(
    amphorae, monkeypatch, tmp_path
):
    """oslo.config, for which the variable is, wants it marked."""
    monkeypatch.setattr(amphorae, "AUTHORITIES", tmp_path / "authorities.crt")
    (tmp_path / "authorities.crt").touch()
    for name, value in {
        "AUTH_URL": "https://192.0.2.1:5000/v3", "USERNAME": "octavia", "PASSWORD": r"pa\$s",
        "PROJECT_NAME": "service", "REGION_NAME": "RegionOne",
    }.items():
        monkeypatch.setenv(f"OS_SERVICE_AUTH__{name}", value)
    session = amphorae.connect().session
    (method,) = session.auth.auth_methods
    assert (method.username, method.password, session.auth.project_name) == (
        "octavia", "pa$s", "service")
    assert (session.verify, session.timeout) == (str(tmp_path / "authorities.crt"), 600)


def test_an_amphora_that_never_reported_is_named_on_one_line(sqlalchemy, load):
    complaint = load("octavia", "bin", "kolla-silent-amphorae").complaint
    one, others = ("one", "front", "10.254.248.7"), [("two", None, None), ("three", None, None)]
    text = complaint([one], f"{ADDRESS}:5555")
    assert text.startswith("the amphora one of the load balancer front at 10.254.248.7 has never"
                           f" reported to {ADDRESS}:5555 (UDP): ") and "\n" not in text
    assert "(UDP), and 2 others have not either: " in complaint([one, *others], f"{ADDRESS}:5555")
    assert "(UDP), and another one has not either: " in complaint(others, f"{ADDRESS}:5555")


def test_an_amphora_that_has_no_load_balancer_and_no_address_yet_is_named_all_the_same(
    sqlalchemy, load
):
    complaint = load("octavia", "bin", "kolla-silent-amphorae").complaint
    text = complaint([("one", None, None)], f"{ADDRESS}:5555")
    assert text.startswith(f"the amphora one has never reported to {ADDRESS}:5555 (UDP): ")


@pytest.fixture
def started(script):
    """``started(**variables)``: runs ``env`` as a service, after octavia-worker prepared."""
    return functools.partial(
        script, ("octavia", "bin", "kolla-octavia"), "env", KOLLA_RELEASE="2026.1")


def test_a_service_makes_amphorae_of_what_was_prepared_unless_an_operator_says_otherwise(
    started, tmp_path
):
    prepared = tmp_path / "var/lib/octavia/amphorae.env"
    prepared.parent.mkdir(parents=True)
    prepared.write_text(
        "OS_CONTROLLER_WORKER__AMP_FLAVOR_ID=found\n"
        "OS_CONTROLLER_WORKER__AMP_SECGROUP_LIST=group\n")
    told = started(KOLLA_MANAGEMENT_NETWORK=NETWORK, OS_CONTROLLER_WORKER__AMP_FLAVOR_ID="own")
    assert {
        "OS_CONTROLLER_WORKER__AMP_FLAVOR_ID=own", "OS_CONTROLLER_WORKER__AMP_SECGROUP_LIST=group",
        "OS_CONTROLLER_WORKER__AMP_IMAGE_TAG=octavia-amphora-2026.1",
    } <= set(told.stdout.splitlines())
    assert "AMP_" not in started(KOLLA_MANAGEMENT_NETWORK="").stdout


def test_what_an_intruder_adds_to_it_is_neither_set_nor_run(started, tmp_path):
    """octavia-api can write the file; octavia-worker, which reads it, has the key of amphorae."""
    (tmp_path / "amphorae.env").write_text(
        f"PYTHONPATH=/var/lib/octavia\nname[$(touch {tmp_path}/ran)]=value\n"
        f"OS_CONTROLLER_WORKER__AMP_[$(touch {tmp_path}/ran)]=value\n"
        "OS_DATABASE__CONNECTION=theirs\nOS_CONTROLLER_WORKER__AMP_FLAVOR_ID=found")
    told = started(KOLLA_MANAGEMENT_NETWORK=NETWORK).stdout
    assert "PYTHONPATH" not in told and "OS_DATABASE" not in told
    assert not (tmp_path / "ran").exists()


def test_a_network_that_is_set_too_late_is_said(started):
    said = started(KOLLA_MANAGEMENT_NETWORK=NETWORK)
    assert said.returncode == 1 and said.stdout == "" and len(said.stderr.splitlines()) == 1
    assert "kolla container upgrade octavia-worker prepares the network" in said.stderr
