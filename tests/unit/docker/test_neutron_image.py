"""The scripts in the images of Neutron."""

import os
import socket
import subprocess
import threading

import pytest

from kolla.plugin import shared_folder

#: The folders of the images of agents.
FOLDERS = ("neutron-agents", "neutron-linux-bridge")
#: What iptables has, and what removes the agent's part of it; then those of ebtables.
RULES = """\
*filter
:INPUT ACCEPT [0:0]
:neutron-linuxbri-INPUT - [0:0]
:neutron-linuxbri-i1 - [0:0]
-A INPUT -j neutron-linuxbri-INPUT
-A INPUT -p tcp -j ACCEPT
-A neutron-linuxbri-INPUT -j neutron-linuxbri-i1
COMMIT
# Completed on Sat"""
REMOVAL = """\
*filter
-D INPUT -j neutron-linuxbri-INPUT
-F neutron-linuxbri-INPUT
-F neutron-linuxbri-i1
-X neutron-linuxbri-INPUT
-X neutron-linuxbri-i1
COMMIT
"""
GUARDS = """\
*nat
:PREROUTING ACCEPT
:neutronMAC-tap1 DROP
-A PREROUTING -i tap1 -j neutronMAC-tap1
-A PREROUTING -i tap2 -j DROP
-A neutronMAC-tap1 -i tap1 --among-src fa:16:3e:0:1:2 -j RETURN
# Completed on Sat"""
REMOVAL_OF_GUARDS = """\
*nat
-D PREROUTING -i tap1 -j neutronMAC-tap1
-F neutronMAC-tap1
-X neutronMAC-tap1
COMMIT
"""


@pytest.fixture
def host(tmp_path, program, script):
    """A machine whose programs only write down how they were called."""
    return Host(tmp_path / "calls", program, script)


class Host:
    def __init__(self, calls, program, script):
        self.calls, self._program, self._script = calls, program, script
        self.has("ovs-vsctl")
        self.has("ip", 'case "$*" in *address\\ show*) echo "lo UNKNOWN 192.0.2.7/24" ;; esac')
        self.devices = calls.parent / "devices"
        self.environment = {
            "OS_OVS__DATAPATH_TYPE": "netdev", "OS_OVS__LOCAL_IP": "192.0.2.7",
            "OS_VXLAN__LOCAL_IP": "192.0.2.7", "KOLLA_DEVICES": str(self.devices),
        }

    def has(self, program: str, does: str = "") -> None:
        self._program(program, f'echo "{program} $*" >> {self.calls}\n{does}')

    def plug(self, device: str, *files: str) -> None:
        """A device with these files, which is a port of a Linux bridge."""
        for folder in (device, "brq1/brif"):
            (self.devices / folder).mkdir(parents=True, exist_ok=True)
        for file in (f"brq1/brif/{device}", *(f"{device}/{name}" for name in files)):
            (self.devices / file).touch()

    def run(self, script: str, *arguments: str, **environment: str):
        """Run a script of the agents' images; how it ended and the calls that it has made."""
        (place,) = (place for image in FOLDERS
                    if shared_folder("docker", *(place := (image, "bin", script))).exists())
        ended = self._script(place, *arguments, **self.environment | environment)
        calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        return ended, [call.replace("--timeout=30 ", "") for call in calls]


def test_bridges_get_their_interfaces_and_addresses(host):
    ended, calls = host.run(
        "kolla-bridges", KOLLA_PHYSICAL_NETWORKS="public:br-ex,rack:br-rack",
        KOLLA_BRIDGE_INTERFACES="br-rack:lo", KOLLA_BRIDGE_ADDRESSES="br-ex:203.0.113.1/24",
    )
    assert ended.returncode == 0, ended.stderr
    assert calls[1:] == [
        "ovs-vsctl --may-exist add-br br-ex -- set Bridge br-ex datapath_type=netdev",
        "ip link set br-ex up",
        "ovs-vsctl --may-exist add-br br-rack -- set Bridge br-rack datapath_type=netdev",
        "ip link set br-rack up",
        "ovs-vsctl --may-exist add-port br-rack lo",
        "ip link set lo up",
        "ip address replace 203.0.113.1/24 dev br-ex",
    ]


@pytest.mark.parametrize("settings, complaint", [
    ({"KOLLA_BRIDGE_INTERFACES": "br-ex:nosuch0"}, "there is no network interface nosuch0"),
    ({"KOLLA_BRIDGE_INTERFACES": "br-in:lo"}, "no physical network is behind the bridge br-in"),
    ({"KOLLA_BRIDGE_ADDRESSES": "br-ex:203.0.113.1"}, "how long the prefix"),
    ({"KOLLA_PHYSICAL_NETWORKS": "public:br-much-too-long"}, "more than 11 letters"),
])
def test_what_a_host_cannot_have_is_refused_and_nothing_is_made(host, settings, complaint):
    settings = {"KOLLA_PHYSICAL_NETWORKS": "public:br-ex"} | settings
    ended, calls = host.run("kolla-bridges", **settings)
    assert ended.returncode == 1 and complaint in ended.stderr
    assert not [call for call in calls if "add-" in call]


def test_a_tunnel_address_has_to_be_one_of_the_host(host):
    host.has("ip")
    ended, _ = host.run("kolla-bridges", "--verify")
    assert ended.returncode == 1
    assert "[neutron] tunnel_address: 192.0.2.7 is no address of this host" in ended.stderr


def test_a_farewell_removes_name_spaces_of_its_own_with_their_ports(host):
    own, other = f"qdhcp-{'0' * 8}-1111-2222", f"qrouter-{'0' * 8}-1111-2222"
    host.has("ip", f"""case "$*" in
        "netns list") printf '%s\\n' "{own} (id: 0)" {other} ;;
        *link*) printf '%s\\n' "lo UNKNOWN" "tap1 UNKNOWN" "ns-2@if9 UP" ;;
    esac""")
    ended, calls = host.run("kolla-farewell", "qdhcp-")
    assert ended.returncode == 0, ended.stderr
    assert {f"ovs-vsctl --if-exists del-port tap{number}" for number in (1, 2)} <= {*calls}
    assert f"ip netns delete {own}" in calls and not [call for call in calls if other in call]


def test_bridges_with_ports_of_others_are_not_removed(host):
    host.has("ovs-vsctl", 'case "$*" in *list-ports*) echo tap1 ;; *get*) echo "[]" ;; esac')
    ended, calls = host.run("kolla-farewell", "switch", KOLLA_PHYSICAL_NETWORKS="public:br-ex")
    assert ended.returncode == 1 and "delete these first: tap1" in ended.stderr
    assert not [call for call in calls if "del-br" in call]


def test_bridges_without_ports_of_others_are_removed(host):
    host.has("ovs-vsctl", 'case "$*" in *list-ports*) echo patch1 ;; *get*) echo patch ;; esac')
    ended, calls = host.run("kolla-farewell", "switch", KOLLA_PHYSICAL_NETWORKS="public:br-ex")
    assert ended.returncode == 0, ended.stderr
    removed = [call.rpartition(" ")[2] for call in calls if "del-br" in call]
    assert removed == ["br-int", "br-tun", "br-ex"]


def test_a_linux_bridge_needs_an_interface_that_the_host_has(host):
    host.plug("eth1")
    name = "OS_LINUX_BRIDGE__PHYSICAL_INTERFACE_MAPPINGS"
    for mappings in ("", "public:eth1"):
        assert host.run("kolla-linux-bridge", "verify", **{name: mappings})[0].returncode == 0
    ended, _ = host.run("kolla-linux-bridge", "verify", **{name: "public:eth1,rack:nosuch0"})
    assert ended.returncode == 1 and "no network interface nosuch0" in ended.stderr
    host.has("ip")
    ended, _ = host.run("kolla-linux-bridge", "verify")
    assert ended.returncode == 1 and "192.0.2.7 is no address of this host" in ended.stderr


def test_routers_stay_as_long_as_virtual_machines_are_plugged_into_linux_bridges(host):
    host.plug("tap1")
    assert host.run("kolla-linux-bridge", "needed", "delete")[0].returncode == 0
    host.plug("tap2", "tun_flags")
    ended, _ = host.run("kolla-linux-bridge", "needed", "delete")
    assert ended.returncode == 1 and ended.stderr.strip().endswith("their ports are tap2")
    assert host.run("kolla-linux-bridge", "needed", "stop")[0].returncode == 0


def test_linux_bridges_with_ports_are_not_removed(host):
    host.plug("tap1")
    ended, calls = host.run("kolla-linux-bridge", "farewell")
    assert ended.returncode == 1 and "delete these first: tap1" in ended.stderr and calls == []


def test_linux_bridges_are_removed_with_their_rules_and_those_of_others_stay(host):
    for program in ("kolla-run", "ip6tables-save", "ip6tables-restore"):
        host.has(program)
    host.has("ipset", '[[ $1 != list ]] || printf "%s\\n" NIPv4abc mine')
    host.has("iptables-save", f"cat <<'END'\n{RULES}\nEND")
    host.has("iptables-restore", f"cat > {host.calls.parent}/rules")
    host.has("ebtables-save", f"cat <<'END'\n{GUARDS}\nEND")
    host.has("ebtables-restore", f"cat > {host.calls.parent}/guards")
    ended, calls = host.run("kolla-linux-bridge", "farewell")
    assert ended.returncode == 0, ended.stderr
    assert "kolla-run neutron-linuxbridge-cleanup" in calls
    assert "iptables-restore --noflush" in calls
    assert (host.calls.parent / "rules").read_text() == REMOVAL
    assert (host.calls.parent / "guards").read_text() == REMOVAL_OF_GUARDS
    assert "ipset destroy NIPv4abc" in calls and "ipset destroy mine" not in calls


def test_a_farewell_asks_no_switch_for_the_ports_of_linux_bridges(host):
    own = f"qdhcp-{'0' * 8}-1111-2222"
    host.has("ip", f'[[ "$*" != "netns list" ]] || echo "{own}"')
    ended, calls = host.run("kolla-farewell", "qdhcp-", OS_DEFAULT__INTERFACE_DRIVER="linuxbridge")
    assert ended.returncode == 0, ended.stderr
    assert f"ip netns delete {own}" in calls and "ovs-vsctl" not in str(calls)


@pytest.mark.parametrize("url, parts", [
    ("http://192.0.2.1:8775", "http 192.0.2.1 8775"),
    ("https://metadata.example.org/", "https metadata.example.org 443"),
    ("http://[2001:db8::1]:8775", "http 2001:db8::1 8775"),
    ("http://metadata", "http metadata 80"),
])
def test_the_metadata_agent_finds_the_parts_of_a_url(host, url, parts):
    names = " ".join(f"$OS_DEFAULT__NOVA_METADATA_{part}" for part in ("PROTOCOL", "HOST", "PORT"))
    ended, _ = host.run("kolla-metadata-agent", "sh", "-c", f"echo {names}",
                        KOLLA_METADATA_URL=url)
    assert ended.stdout.strip() == parts


@pytest.mark.parametrize("datapath, given, pairs", [
    ("netdev", {}, "true"), ("netdev", {"OS_DEFAULT__OVS_USE_VETH": "false"}, "false"),
    ("system", {}, ""),
])
def test_ports_in_name_spaces_are_pairs_where_the_switch_is_a_process(
    host, datapath, given, pairs
):
    host.has("kolla-preload", 'echo "$* $OS_DEFAULT__OVS_USE_VETH"')
    ended, _ = host.run(
        "kolla-space-agent", "neutron-dhcp-agent", OS_OVS__DATAPATH_TYPE=datapath, **given)
    assert ended.stdout == f"neutron-dhcp-agent {pairs}\n"


@pytest.mark.parametrize("joined", [True, False])
def test_an_agent_makes_its_bridges_only_where_it_goes_straight_on(host, tmp_path, joined):
    """One that waits for its turn shares them with the one before it."""
    for name in ("kolla-bridges", "kolla-preload"):
        host.has(name)
    if joined:
        (tmp_path / "var/lib/kolla/generation").mkdir(parents=True)
        (tmp_path / "var/lib/kolla/generation/joined").touch()
    _, calls = host.run("kolla-openvswitch-agent")
    assert [call.split()[0] for call in calls] == ["kolla-bridges"] * joined + ["kolla-preload"]


@pytest.mark.parametrize("refused", [True, False])
def test_a_schema_is_not_contracted_below_servers_that_would_fail(program, script, refused):
    program("neutron-db-manage", f"echo $1; [[ $1 != has_offline* ]] || exit {int(refused)}")
    ended = script(("neutron", "kolla-neutron-contract"))
    assert ended.returncode == refused and ("upgrade" in ended.stdout) != refused
    assert ("have to be stopped on all hosts" in ended.stderr) == refused


def test_what_is_no_url_of_a_metadata_service_is_named(host):
    ended, _ = host.run("kolla-metadata-agent", KOLLA_METADATA_URL="192.0.2.1")
    assert ended.returncode == 1 and "no URL of a metadata service: 192.0.2.1" in ended.stderr


def test_a_program_that_outlives_the_agent_leaves_its_control_groups(tmp_path):
    wrappers, groups = tmp_path / "outlive", tmp_path / "groups"
    for group in ("cpu", "memory"):
        (groups / group).mkdir(parents=True)
        (groups / group / "cgroup.procs").touch()
    wrappers.mkdir()
    text = shared_folder("docker", "neutron-agents", "outlive").read_text()
    (wrappers / "dnsmasq").write_text(text.replace("/host/cgroup", str(groups)))
    (tmp_path / "dnsmasq").write_text('#!/bin/bash\necho "$$ $*"\n')
    for program in (wrappers / "dnsmasq", tmp_path / "dnsmasq"):
        program.chmod(0o755)
    said = subprocess.run(
        ["dnsmasq", "--no-hosts"], capture_output=True, text=True, check=True,
        env={"PATH": f"{wrappers}:{tmp_path}:{os.environ['PATH']}"},
    ).stdout
    number, argument = said.split()
    assert argument == "--no-hosts"
    for group in ("cpu", "memory"):
        assert (groups / group / "cgroup.procs").read_text() == f"{number}\n"


@pytest.fixture
def metadata(load, monkeypatch, tmp_path):
    module = load("neutron-agents", "bin", "kolla-check-metadata")
    monkeypatch.setattr(module, "SOCKET", str(tmp_path / "agent.sock"))
    monkeypatch.setattr(module, "JOINED", str(tmp_path))
    return module


def test_a_metadata_agent_that_waits_for_its_turn_has_to_have_loaded(metadata, tmp_path):
    metadata.JOINED, metadata.LOADED = str(tmp_path / "joined"), str(tmp_path / "loaded")
    assert metadata.trouble() == "the agent has not loaded yet"
    (tmp_path / "loaded").touch()
    assert metadata.trouble() == ""


@pytest.mark.parametrize("answer, complaint", [
    (b"HTTP/1.0 400 Bad Request\r\n\r\n", ""),
    (b"HTTP/1.0 404 Not Found\r\n\r\n", ""),
    (b"HTTP/1.0 500 Internal Server Error\r\n\r\n",
     "the agent answers HTTP/1.0 500 Internal Server Error"),
    (b"", "the agent answers nothing"),
])
def test_a_metadata_agent_that_refuses_a_strange_question_is_well(metadata, answer, complaint):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(metadata.SOCKET)
        listener.listen()

        def serve():
            asked, _ = listener.accept()
            with asked:
                asked.recv(4096)
                asked.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert metadata.trouble() == complaint
        thread.join()


def test_a_metadata_agent_that_is_gone_is_not_well(metadata):
    assert metadata.trouble().startswith("the agent cannot be reached")


@pytest.fixture
def segments(sqlalchemy, load, monkeypatch):
    monkeypatch.setenv("KOLLA_RELEASE", "2026.1")
    monkeypatch.setenv("KOLLA_DUMPS", "true")
    return load("neutron", "kolla-segment-ranges")


def test_ranges_that_the_schema_of_2026_1_changes_are_told_before(segments):
    (said,) = segments.judge(segments.Ranges(changed=2, deleted=1))
    assert said.startswith("the schema of 2026.1 changes 2 ranges of segments and deletes 1")
    assert "restore the dump" in said


def test_without_a_dump_they_are_refused(segments, monkeypatch):
    monkeypatch.setenv("KOLLA_DUMPS", "false")
    with pytest.raises(SystemExit, match="dump_before_upgrade = false leaves no way back"):
        [*segments.judge(segments.Ranges(changed=1))]


def test_nothing_is_told_of_ranges_that_stay_as_they_are(segments, monkeypatch):
    assert [*segments.judge(segments.Ranges())] == []
    monkeypatch.setenv("KOLLA_RELEASE", "2025.2")
    assert [*segments.judge(segments.Ranges(changed=1))] == []
