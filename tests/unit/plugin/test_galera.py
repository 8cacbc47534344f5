"""What the MariaDB of each host is told of the cluster, as the files of all hosts say."""

import configparser

import pytest

from kolla.catalog.catalog import Catalog
from kolla.settings import Settings
from kolla_plugins import galera
from tests.unit.plugin.test_haproxy import VIRTUAL, Cloud, Host, Mistake

SHARED = {
    "galera__enabled": True, "galera__port": 4567, "database__port": 3306,
    "database__address": VIRTUAL, "database__tls": False,
}


def host(number: int, **values) -> Host:
    address = f"192.0.2.{10 + number}"
    own = {"galera__address": address, "database__listen_address": address}
    return Host(number, **(SHARED | own | values))


def read(*hosts: Host) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.read_string(galera.configuration(Cloud(*hosts)))
    return found


def provider(*hosts: Host) -> dict[str, str]:
    text = read(*hosts)["mysqld"]["wsrep_provider_options"].strip('"')
    return dict(each.split("=", 1) for each in text.split("; "))


def test_each_member_knows_all_members():
    found = read(host(1), host(2), host(3))
    assert found["mysqld"]["wsrep_cluster_address"] == (
        "gcomm://192.0.2.11:4567,192.0.2.12:4567,192.0.2.13:4567")
    assert found["kolla"]["servers"] == "192.0.2.11:3306,192.0.2.12:3306,192.0.2.13:3306"
    assert found["kolla"]["monitors"] == "192.0.2.11:9555,192.0.2.12:9555,192.0.2.13:9555"
    assert found["mysqld"]["wsrep_node_address"] == "${galera.address}:${galera.port}"


def test_a_member_gives_a_copy_to_another_one_without_any_password():
    assert read(host(1))["mysqld"]["wsrep_sst_auth"] == "mysql:"


@pytest.mark.parametrize("values", [
    {"monitor__listen_port": 0}, {"monitor__listen_address": "127.0.0.1"},
])
def test_a_host_whose_monitor_answers_no_other_host_is_not_asked(values):
    found = read(host(1), host(2, **values), host(3))
    assert found["kolla"]["monitors"] == "192.0.2.11:9555,,192.0.2.13:9555"


def test_with_tls_the_members_prove_who_they_are_to_each_other():
    plain, hosts = provider(host(1), host(2)), [host(n, database__tls=True) for n in (1, 2)]
    assert not [name for name in plain if name.startswith("socket.ssl")]
    assert provider(*hosts)["socket.ssl_ca"] == "/etc/kolla/tls/database.crt"
    assert "sst" not in read(host(1), host(2))
    assert dict(read(*hosts)["sst"]) == {
        "encrypt": "4", "ssl_cert": "/etc/kolla/tls/server.crt",
        "ssl_key": "/etc/kolla/tls/server.crt.key", "ssl_ca": "/etc/kolla/tls/database.crt",
        "ssl_mode": "VERIFY_CA",
    }


def test_a_mariadb_that_is_in_no_cluster_is_told_of_none():
    hosts = [host(n, galera__enabled=False, database__address=f"192.0.2.{n}") for n in (1, 2)]
    assert galera.configuration(Cloud(*hosts)) == ""


def test_a_single_member_may_be_found_where_it_is():
    assert read(host(1, database__address="192.0.2.11"))["kolla"]["servers"] == "192.0.2.11:3306"


@pytest.mark.parametrize("hosts, told", [
    ((host(1), host(2, galera__enabled=False)),
     r"c2: \[galera\] enabled: it is true on c1, false on c2: set the same"),
    ((host(1), host(2, database__address="192.0.2.9")),
     r"c2: \[database\] address: it is 192.0.2.10 on c1, 192.0.2.9 on c2: set the same"),
    ((host(1), host(2, database__tls=True)), r"c2: \[database\] tls: it is false on c1"),
    ((host(1, database__address="192.0.2.11"), host(2, database__address="192.0.2.11")),
     r"c1: \[database\] address: services would only use the MariaDB of c1: set the address of"),
    ((host(1, database__address="192.0.2.11"), host(2, database__address="192.0.2.12")),
     r"c1: \[database\] address: services would only use the MariaDB of c1: set the address of"),
    ((host(1), host(2, galera__address="192.0.2.11")),
     r"c2: \[galera\] address: c1 and c2 both have 192.0.2.11:4567: set that of each host"),
])
def test_what_cannot_work_is_refused(hosts, told):
    with pytest.raises(Mistake, match=told):
        galera.configuration(Cloud(*hosts))


@pytest.fixture
def settings(tmp_path):
    """Of the host ctl1, with this in kolla.conf."""
    def load(text: str) -> Settings:
        (tmp_path / "kolla.conf").write_text(text)
        (tmp_path / "hosts").mkdir(exist_ok=True)
        for number in (1, 2, 3):
            (tmp_path / f"hosts/ctl{number}.conf").write_text(
                f"[host]\naddress = 127.0.0.{number}\n")
        return Settings.load(Catalog.load(), tmp_path, "ctl1")

    return load


CLUSTER = """\
[host]
enabled = all, haproxy
[api]
virtual_address = 127.0.0.9
proxies = 127.0.0.1, 127.0.0.2, 127.0.0.3
[database]
address = ${api.virtual_address}
listen_address = ${host.internal_address}
[galera]
enabled = true
"""


def test_a_member_has_its_own_ports_and_the_writer_is_behind_haproxy(settings):
    made = settings(CLUSTER)
    mariadb = made.catalog.containers["mariadb"]
    found = {listen.port: listen.balanced for listen in made.listens(mariadb)}
    assert found == {"3306": "one", "4567": "", "4568": "", "4444": ""}
    assert "mariadb-3306" in made.catalog.containers["haproxy"].files[0].content(made.cloud)
    assert made.problems() == []
    glance = made.environment(made.catalog.containers["glance-api"])
    assert "@127.0.0.9:3306/" in glance["OS_DATABASE__CONNECTION"]


def test_a_mariadb_alone_has_one_port_and_no_haproxy_in_front(settings):
    made = settings("")
    listens = made.listens(made.catalog.containers["mariadb"])
    assert [(listen.port, listen.balanced) for listen in listens] == [("3306", "")]


def test_an_operator_is_told_which_line_is_wrong(settings):
    text = CLUSTER.replace("address = ${api.virtual_address}\n", "")
    problems = [problem.message for problem in settings(text).problems()]
    assert any("services would only use the MariaDB of ctl1" in message or
               "set the same for all members of the cluster" in message for message in problems)


def test_what_has_the_name_galera_is_mariadb():
    assert Catalog.load().today("galera") == "mariadb"
