"""The scripts of the MariaDB image: its list of options, and what it knows of its cluster."""

import contextlib
import json
import os
import socket
import subprocess
import threading

import pytest
from prometheus_client import CollectorRegistry

from kolla.monitor.endpoint import Endpoint
from kolla.plugin import shared_folder
from tests.unit.support.view import View

HELP = """\
mariadbd  Ver 11.8.6-MariaDB for debian-linux-gnu on x86_64
  --autocommit        Set default value for autocommit
                      (Defaults to on; use --skip-autocommit to disable.)

Variables (--variable-name=value)
and boolean options {FALSE|TRUE}                             Value (after reading options)
------------------------------------------------------------ -------------
autocommit                                                   TRUE
bind-address                                                 (No default value)
character-set-server                                         utf8mb4
innodb-buffer-pool-size                                      134217728

To see what variables a running MariaDB server is using, type
'SHOW VARIABLES' there.
"""


def options() -> dict:
    script = shared_folder("docker", "mariadb", "options.awk")
    done = subprocess.run(
        ["awk", "-f", script], input=HELP, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)["mysqld"]


def test_every_variable_of_the_server_is_an_option():
    assert set(options()) == {
        "autocommit", "bind_address", "character_set_server", "innodb_buffer_pool_size",
        "loose_*",
    }


def test_a_number_may_carry_a_suffix_and_a_boolean_may_not():
    assert options()["innodb_buffer_pool_size"] == {"type": "string"}
    assert options()["autocommit"] == {"type": "boolean"}


@pytest.fixture
def galera(tmp_path):
    """Runs a function of the scripts on a member, whose cluster has these servers and monitors."""
    def run(command: str, *servers: str, monitors=()) -> subprocess.CompletedProcess:
        configuration = tmp_path / "galera.cnf"
        configuration.write_text(
            f"[kolla]\nservers = {','.join(servers)}\nmonitors = {','.join(monitors)}\n")
        text = shared_folder("docker", "mariadb", "galera.bash").read_text()
        script = text.replace("/etc/kolla/galera.cnf", str(configuration))
        return subprocess.run(
            ["bash", "-euc", f"{script}\n{command}"], capture_output=True, text=True,
            env={**os.environ, "KOLLA_ADDRESS": "127.0.0.1", "KOLLA_PORT": "3306"},
        )

    return run


@pytest.fixture
def server():
    """A port that greets its clients, or one at which nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def greet() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    client.sendall(b"J\0\0\0\n11.8")
                    client.close()

        threading.Thread(target=greet, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


OWN, NOBODY = "127.0.0.1:3306", "127.0.0.1:1"


def test_a_member_knows_whether_another_one_serves(galera, server):
    assert galera("another_serves", OWN, NOBODY, server).returncode == 0
    assert galera("another_serves", OWN, NOBODY).returncode == 1
    assert galera("another_serves", OWN).returncode == 1


def test_a_member_that_is_not_reached_may_serve(galera):
    done = galera("another_serves || { echo $? $unknown; }", OWN, NOBODY, "240.0.0.1:3306")
    assert done.stdout == "2 240.0.0.1\n"


@pytest.mark.parametrize("others, code", [
    ((NOBODY,), 1), ((), 1), (("240.0.0.1:3306",), 9), ((NOBODY, "240.0.0.1:3306"), 9),
])
def test_a_first_member_without_data_begins_no_cluster_while_another_may_have_one(
    galera, others, code
):
    done = galera("fail() { echo $*; exit 9; }; gets_its_data", OWN, *others)
    assert done.returncode == code and ("240.0.0.1 has the data" in done.stdout) == (code == 9)


def test_a_member_without_data_gets_those_of_the_others(galera, server):
    fail = "fail() { exit 9; }; gets_its_data"
    assert galera(fail, OWN, "240.0.0.1:3306", server).returncode == 0
    assert galera(fail, NOBODY, OWN).returncode == 0


@pytest.fixture
def monitor():
    """``monitor(status)``: the endpoint of a host on which MariaDB is like that."""
    with contextlib.ExitStack() as stack:
        def serve(status: str) -> str:
            view = View(**{"mariadb": status} if status else {})
            endpoint = Endpoint("127.0.0.1", 0, view, CollectorRegistry())
            endpoint.start()
            stack.callback(endpoint.stop)
            return f"127.0.0.1:{endpoint.port}"

        yield serve


@pytest.mark.parametrize("status, begins", [
    ("", True), ("absent", True), ("stopped", False), ("degraded", False), ("unknown", False),
])
def test_a_first_member_without_data_begins_no_cluster_if_another_has_had_one(
    galera, monitor, status, begins
):
    done = galera(
        "fail() { echo $*; exit 9; }; gets_its_data", OWN, NOBODY, "127.0.0.2:1",
        monitors=("127.0.0.1:1", "", monitor(status)))
    assert (done.returncode, "MariaDB of 127.0.0.2 would lose" in done.stdout) == (
        (1, False) if begins else (9, True))


def test_the_first_of_the_members_is_the_first_by_name(galera):
    assert galera("is_first", OWN, NOBODY).returncode == 0
    assert galera("is_first", NOBODY, OWN).returncode == 1


@pytest.fixture
def configured(script, tmp_path):
    """``configured(**variables)``: my.cnf; a secret variable of the container is in it as well."""
    (tmp_path / "var/lib/kolla").mkdir(parents=True)
    (tmp_path / "var/lib/kolla/secrets").write_bytes(
        b'KOLLA_ROOT_PASSWORD=x\0OS_MYSQLD__LOOSE_KEY=a"b\\c\0')

    def run(**variables: str) -> str:
        ended = script(
            ("mariadb", "kolla-configure"), KOLLA_ADDRESS="192.0.2.1", KOLLA_PORT="3306",
            KOLLA_REQUIRE_TLS="false", KOLLA_SESSION_MEMORY="1", **variables,
        )
        assert ended.returncode == 0, ended.stderr
        return (tmp_path / "run/kolla/my.cnf").read_text()

    return run


def test_options_are_set_from_variables_secret_or_not_once_for_each_line(configured):
    text = configured(OS_MYSQLD__MAX_CONNECTIONS="7", OS_MYSQLD__PLUGIN_LOAD_ADD="one\ntwo")
    assert '[mysqld]\nloose_key = "a\\"b\\\\c"\n' in text and "KOLLA" not in text
    assert 'max_connections = "7"\n' in text
    assert 'plugin_load_add = "one"\nplugin_load_add = "two"\n' in text


def test_a_server_listens_on_its_former_address_as_well_if_that_is_another_one(configured):
    assert "\nbind_address = 192.0.2.1\n" in configured(KOLLA_FORMER_ADDRESS="192.0.2.1")
    assert "\nbind_address = 192.0.2.1,192.0.2.9\n" in configured(KOLLA_FORMER_ADDRESS="192.0.2.9")


def test_an_option_that_is_kollas_own_is_refused(script):
    ended = script(
        ("mariadb", "kolla-configure"), KOLLA_ADDRESS="192.0.2.1", KOLLA_PORT="3306",
        KOLLA_REQUIRE_TLS="false", KOLLA_SESSION_MEMORY="1", OS_MYSQLD__DATADIR="/tmp",
    )
    assert ended.returncode == 1
    assert "OS_MYSQLD__DATADIR cannot be set: kolla sets datadir itself" in ended.stderr
