"""tools/quickstart, beside the services that this machine runs already."""

import contextlib
import dataclasses
import pathlib
import socket
import stat
import subprocess

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support.harness import Deployment, run

TOOLS = pathlib.Path(__file__).parents[2] / "tools"
LOOPBACK = ("127.0.0.1", "[::1]")
#: On 127.0.0.1 there may be others.
PORTS = """\
port = {}
[database]
port = {}
"""


@dataclasses.dataclass(frozen=True)
class Quickstart:
    deployment: Deployment

    def run(self, *arguments, exit_code=0):
        """Run it with closed standard input; everything it said."""
        folder = self.deployment.directory
        options = [
            "--config-dir", self.deployment.config_dir, "--venv", folder / "venv",
            "--log", folder / "quickstart.log", *arguments,
        ]
        done = subprocess.run(
            ["bash", "-c", 'exec "$0" "$@" <&-', TOOLS / "quickstart", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800,
        )
        assert done.returncode == exit_code, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def quickstart(engine, images, tmp_path_factory):
    """Before its first run; the images are there, so that it goes quicker."""
    images()
    engine.clean()
    folder = tmp_path_factory.mktemp("quickstart")
    run("mount", "--bind", folder, folder)
    run("mount", "--make-shared", folder)  # as systemd leaves all of a machine
    deployment = Deployment(engine, folder, f"{NETWORK}.250", bin=folder / "venv" / "bin")
    deployment.config_dir.mkdir()
    deployment.configure(deployment.broker + PORTS.format(*(
        port + 2048 for port in deployment.broker_ports
    )))
    yield Quickstart(deployment)
    engine.clean()
    run("umount", "--lazy", folder)


@pytest.fixture(scope="module")
def first_run(quickstart):
    return quickstart.run(
        "--address", quickstart.deployment.address,
        "--state-dir", quickstart.deployment.state_dir,
        "--docker-url", quickstart.deployment.engine.url,
    )


def test_it_ends_with_a_deployment_that_was_proved_to_work(first_run):
    assert "Keystone issues a token" in first_run
    assert "comes back with the same checksum" in first_run
    assert first_run.count("The deployment runs, and was proved to work") == 1


def test_everything_is_reached_over_tls(first_run, quickstart):
    openrc = (quickstart.deployment.config_dir / "openrc").read_text()
    assert "export OS_AUTH_URL=https://" in openrc
    assert f"export OS_CACERT={quickstart.deployment.config_dir}/certificates/ca.crt" in openrc
    shown = quickstart.deployment.kolla("config", "show", "-f", "json").json()
    on = {row["group"] for row in shown if row["option"] == "tls" and row["value"] == "true"}
    assert on == {"api", "database", "messaging"}


def listening(deployment: Deployment) -> set[tuple[str, int]]:
    """Addresses and ports that programs in the deployment's containers listen on."""
    with deployment.engine.client() as client:
        tops = [container.top(ps_args="-eo pid") for container in client.containers.list()]
    ours = {f"pid={row[0]}," for top in tops for row in top["Processes"]}
    rows = [line.split() for line in run("ss", "-Hltnp").splitlines()]
    found = {row[3] for row in rows if any(process in row[-1] for process in ours)}
    return {(place.rpartition(":")[0], int(place.rpartition(":")[2])) for place in found}


def test_only_the_apis_are_reached_from_elsewhere(first_run, quickstart):
    found = listening(quickstart.deployment)
    assert {place for place in found if place[0] not in LOOPBACK} == {
        (quickstart.deployment.address, port) for port in (5000, 9292)
    }
    assert len(found) >= 6  # MariaDB, RabbitMQ, its distribution, epmd
    for port in (port for address, port in found if address == "127.0.0.1"):
        with contextlib.closing(socket.socket()) as client:
            assert client.connect_ex((quickstart.deployment.address, port)) != 0
    assert "reached from this host only" in first_run


def test_every_container_is_healthy(first_run, quickstart):
    health = quickstart.deployment.kolla("set", "check", "-f", "json").json()
    assert {row["health"] for row in health} == {"healthy"}
    assert {row["container"] for row in health} >= {"mariadb", "keystone", "glance-api"}


def test_credentials_and_passwords_are_for_their_owner_only(first_run, quickstart):
    config = quickstart.deployment.config_dir
    for name in ("openrc", "clouds.yaml", "kolla.conf.d/passwords.conf",
                 "kolla.conf.d/quickstart.conf", "certificates/keystone/authority.key"):
        assert stat.S_IMODE((config / name).stat().st_mode) == 0o600, name


def test_no_password_is_in_its_output_or_its_log(first_run, quickstart):
    openrc = (quickstart.deployment.config_dir / "openrc").read_text()
    password = openrc.partition("OS_PASSWORD=")[2].split()[0].strip("'")
    assert len(password) > 10
    log = (quickstart.deployment.directory / "quickstart.log").read_text()
    assert password not in first_run and password not in log


def test_second_run_changes_nothing_and_says_so(first_run, quickstart):
    before = quickstart.deployment.kolla("container", "list", "-f", "json", "-c", "generation")
    output = quickstart.run()
    assert "Nothing had to be changed" in output
    assert "  done (" not in output
    after = quickstart.deployment.kolla("container", "list", "-f", "json", "-c", "generation")
    assert after.stdout == before.stdout


@pytest.mark.exhaustive
def test_it_brings_back_what_was_stopped(first_run, quickstart):
    quickstart.deployment.kolla("container", "stop", "keystone")
    output = quickstart.run()
    assert "keystone started" in output
    assert "Keystone issues a token" in output


def test_failed_step_names_what_failed_and_what_to_do(first_run, quickstart):
    wrong = quickstart.deployment.configure("[keystone]\nwokers = 3\n", "95-wrong")
    try:
        output = quickstart.run(exit_code=1)
    finally:
        wrong.unlink()
    assert f"{wrong}:2" in output and "workers" in output
    assert "step 3 of 12 failed" in output and "to do:" in output


@pytest.mark.service
@pytest.mark.parametrize("profile, proof", (
    ("storage", "it comes back with the same content"),
    ("telemetry", "their mean comes back"),
    ("orchestration", "the stack is deleted again"),
    ("dashboard", "admin logs in at https://"),
))
def test_a_profile_is_added_and_proved(first_run, quickstart, profile, proof):
    assert proof in quickstart.run("--profile", profile)
    again = quickstart.run()
    assert proof in again and "  done (" not in again
