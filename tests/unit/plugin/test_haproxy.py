"""What HAProxy stands in front of, as the files of all hosts say."""

import re
import shutil
import subprocess

import pytest

from kolla.plugin import Listening, shared_folder
from kolla_plugins.high_availability import backends

VIRTUAL = "192.0.2.10"
VALUES = {
    ("api", "virtual_address"): VIRTUAL, ("api", "tls"): False,
    ("api", "proxies"): ["192.0.2.0/28"], ("haproxy", "without"): ["mariadb"],
    ("haproxy", "proxy_protocol"): False,
    ("monitor", "listen_port"): 9555,
}


#: With TLS, and HAProxy that says to services who its client is.
TELLING = {
    "api__tls": True, "api__proxies": [], "api__proxy_protocol": True,
    "api__trusted": ["192.0.2.0/28"], "haproxy__proxy_protocol": True,
}


class Mistake(Exception):
    """What an operator is told, and where."""


class Host:
    def __init__(self, number: int, **values):
        self.name, address = f"c{number}", f"192.0.2.{10 + number}"
        places = dict.fromkeys(
            [("host", "address"), ("host", "internal_address"), ("monitor", "listen_address")],
            address)
        named = {tuple(name.split("__")): value for name, value in values.items()}
        self.values = VALUES | places | named

    def value(self, group: str, option: str):
        return self.values[group, option]

    def mistake(self, group: str, option: str, message: str) -> Mistake:
        return Mistake(f"{self.name}: [{group}] {option}: {message}")


class Cloud:
    """All hosts have HAProxy, and listen to what is given: (container, port, balanced)."""

    def __init__(self, *hosts: Host, listens=(("web", 80, "http"),), more=(), balancers=None):
        self._hosts = hosts
        self._balancers = hosts if balancers is None else balancers
        self._listens = [
            Listening(container, host.name, host.value("host", "address"), port, balanced)
            for container, port, balanced in listens for host in hosts
        ] + [*more]

    def hosts(self, container: str = "") -> list[Host]:
        return [*(self._balancers if container else self._hosts)]

    def listens(self) -> list[Listening]:
        return self._listens


def section(cloud: Cloud, name: str) -> list[str]:
    """The lines of one frontend or backend."""
    found = re.search(rf"^{name}\n((    .*\n)*)", backends.configuration(cloud), re.M)
    return [line.strip() for line in found[1].splitlines()]


def servers(cloud: Cloud, name: str) -> list[str]:
    return [line for line in section(cloud, f"backend {name}") if line.startswith("server ")]


def test_each_host_serves_each_port_of_the_virtual_address():
    cloud = Cloud(Host(1), Host(2), Host(3))
    assert "bind 192.0.2.10:80 transparent" in section(cloud, "frontend web-80")
    assert servers(cloud, "web-80") == [
        f"server c{number} 192.0.2.1{number}:80 check addr 192.0.2.1{number} port 9555"
        for number in (1, 2, 3)
    ]
    assert "option httpchk GET /containers/web" in section(cloud, "backend web-80")


def test_where_no_monitor_is_content_all_hosts_serve_that_accept_connections():
    cloud = Cloud(Host(1), Host(2))
    assert "default_backend web-80-any" in section(cloud, "frontend web-80")
    assert servers(cloud, "web-80-any") == [
        "server c1 192.0.2.11:80 check", "server c2 192.0.2.12:80 check"]


@pytest.mark.parametrize("values", [
    {"monitor__listen_port": 0}, {"monitor__listen_address": "127.0.0.1"},
])
def test_a_host_whose_monitor_answers_no_other_host_is_asked_at_the_port_itself(values):
    cloud = Cloud(Host(1), Host(2, **values))
    assert section(cloud, "frontend web-80")[-1] == "default_backend web-80"
    assert servers(cloud, "web-80")[0] == "server c1 192.0.2.11:80 check"


def test_a_monitor_that_listens_everywhere_is_asked_at_its_host():
    cloud = Cloud(Host(1, monitor__listen_address="0.0.0.0"))
    assert servers(cloud, "web-80")[0].endswith("check addr 192.0.2.11 port 9555")


def test_a_service_is_told_its_client_unless_what_it_gets_is_encrypted():
    assert "http-request set-header X-Forwarded-For %[src]" in section(
        Cloud(Host(1)), "backend web-80")
    lines = section(Cloud(Host(1, api__tls=True, api__proxies=[])), "backend web-80")
    assert "mode tcp" in lines and not any("X-Forwarded-For" in line for line in lines)


def telling(**values) -> Cloud:
    """Of two hosts; the second service does not know the PROXY protocol."""
    hosts = Host(1, **TELLING), Host(2, **TELLING | values)
    told = [Listening("web", host.name, host.value("host", "address"), 80, "http", 20080)
            for host in hosts]
    return Cloud(*hosts, listens=(("queue", 5672, "tcp"),), more=told)


def test_a_service_behind_tls_is_told_its_client_on_a_port_of_its_own():
    assert servers(telling(), "web-80") == [
        f"server c{number} 192.0.2.1{number}:20080 send-proxy-v2 check addr 192.0.2.1{number} "
        "port 9555" for number in (1, 2)]
    assert servers(telling(), "web-80-any")[0] == (
        "server c1 192.0.2.11:20080 send-proxy-v2 check port 80")
    assert "bind 192.0.2.10:80 transparent" in section(telling(), "frontend web-80")
    assert servers(telling(), "queue-5672")[0].startswith("server c1 192.0.2.11:5672 check")
    assert backends.told_places(telling()) == (
        "192.0.2.11:20080 192.0.2.11:80\n192.0.2.12:20080 192.0.2.12:80\n")


@pytest.mark.parametrize("values", [
    {"haproxy__proxy_protocol": False}, {"api__tls": False, "api__proxies": ["192.0.2.0/28"]},
])
def test_no_service_is_told_its_client_on_another_port_unless_an_operator_wants_it(values):
    hosts = [Host(number, **TELLING | values) for number in (1, 2)]
    told = [Listening("web", "c1", "192.0.2.11", 80, "http", 20080)]
    cloud = Cloud(*hosts, listens=(), more=told)
    assert servers(cloud, "web-80")[0].startswith("server c1 192.0.2.11:80 check")
    assert backends.told_places(cloud) == ""


def test_one_host_gets_all_that_must_not_be_spread_while_it_is_well():
    cloud = Cloud(Host(1), Host(2), Host(3), listens=(("galera", 3306, "one"),))
    assert [line.endswith(" backup") for line in servers(cloud, "galera-3306")] == [
        False, True, True]
    assert "galera-3306-any" not in backends.configuration(cloud)


def test_what_is_left_out_or_not_balanced_has_no_port():
    cloud = Cloud(
        Host(1), listens=(("web", 80, "http"), ("mariadb", 3306, "one"), ("cache", 11211, "")))
    assert [port.name for port in backends.ports(cloud)] == ["web-80"]


def test_nothing_is_made_of_a_cloud_without_haproxy():
    assert backends.configuration(Cloud(Host(1), balancers=())) == ""


@pytest.mark.parametrize("cloud, told", [
    (Cloud(Host(1, api__virtual_address=None)), "c1: .*virtual_address: HAProxy needs the addr"),
    (Cloud(Host(1), Host(2, api__virtual_address="192.0.2.9")),
     "c2: .*virtual_address: it is 192.0.2.10 on c1, 192.0.2.9 on c2: set the same"),
    (Cloud(Host(1), Host(2, host__internal_address=VIRTUAL)),
     r"c2: .*virtual_address: 192.0.2.10 is \[host\] internal_address of c2: choose"),
    (Cloud(Host(1), Host(2), listens=()), r"c1: \[host\] enabled: no host runs a container"),
    (Cloud(Host(1), listens=(("a", 80, "http"), ("b", 80, "tcp"))),
     "virtual_address: a and b both have port 80"),
    (Cloud(Host(1), more=[Listening("other", "c1", "0.0.0.0", 80, "")]),
     "virtual_address: other listens on 0.0.0.0 port 80 of c1, which HAProxy needs"),
    (Cloud(Host(1), more=[Listening("other", "c1", VIRTUAL, 80, "")]),
     "virtual_address: other listens on 192.0.2.10 port 80 of c1"),
    (Cloud(Host(1), Host(2, api__proxies=["192.0.2.12"])),
     r"c2: \[api\] proxies: .* set proxies = 192.0.2.11,192.0.2.12"),
    (telling(api__proxy_protocol=False),
     r"c2: \[api\] proxy_protocol: .* services of c2 do not listen for it: set it for all hosts"),
    (telling(api__trusted=["192.0.2.12"]),
     r"c2: \[api\] trusted: .* believe HAProxy on 192.0.2.11 .* set trusted = 192.0.2.11,192.0"),
    (Cloud(Host(1, api__tls=True)), r"\[api\] proxies: HAProxy on 192.0.2.11 passes TLS on"),
])
def test_what_cannot_work_is_refused(cloud, told):
    with pytest.raises(Mistake, match=told):
        backends.configuration(cloud)


@pytest.mark.skipif(not shutil.which("haproxy"), reason="HAProxy is not installed")
@pytest.mark.parametrize("values", [{}, {"api__tls": True, "api__proxies": []}, TELLING])
def test_haproxy_accepts_it(values, tmp_path):
    cloud = Cloud(
        Host(1, **values),
        listens=(("web", 18080, "http"), ("galera", 13306, "one"), ("queue", 15672, "tcp")),
        more=[Listening("told", "c1", "192.0.2.11", 5000, "http", 25000)])
    base = shared_folder("docker", "haproxy", "haproxy.cfg").read_text()
    # Debian's HAProxy of an earlier release does not know it.
    (tmp_path / "haproxy.cfg").write_text(base.replace("    thread-hard-limit 4\n", ""))
    (tmp_path / "services.cfg").write_text(backends.configuration(cloud))
    judged = subprocess.run(
        ["haproxy", "-c", "-f", tmp_path / "haproxy.cfg", "-f", tmp_path / "services.cfg"],
        env={"KOLLA_JOINED": "true", "KOLLA_SOCKET": f"{tmp_path}/socket",
             "KOLLA_CONNECTIONS": "100", "KOLLA_STATUS_ADDRESS": "127.0.0.1",
             "KOLLA_STATUS_PORT": "19101", "PATH": "/usr/sbin:/usr/bin"},
        capture_output=True, text=True)
    assert judged.returncode == 0, judged.stderr
