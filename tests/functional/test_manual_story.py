"""The life of a cloud, told by the commands of the manual: each is really carried out.

After each line the cloud is asked whether it is healthy. ``cloud/test_manual.py`` runs the lines
that only read.
"""

import os
import pty
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.functional.conftest import ROOT, new_deployment
from tests.functional.support.cloud import Cloud
from tests.functional.support.database import query
from tests.functional.support.monitoring import monitoring
from tests.functional.support.watching import until
from tests.manual import words

pytestmark = pytest.mark.exhaustive

PLUGINS = (ROOT / "examples" / "barbican", ROOT / "examples" / "redis")
FIRST = "[host]\nenabled = mariadb, rabbitmq, keystone, glance-api\n"
#: For a busy host.
PATIENCE = """\
[monitor]
grace = {0}:300,keystone:300,glance-api:300
timeout = {0}:60,keystone:60,glance-api:60
"""
CACHED = "[host]\nenabled = all, cache-control\n[memcached]\nuse = true\n"
#: What a line of the manual ends with, if not with 0. 2 says that something would change.
CODES = {"kolla plan --detailed-exitcode": 2, "kolla container show glance-registry": 2}


@pytest.fixture(scope="module")
def cloud(engine, images, tmp_path_factory) -> Iterator[Cloud]:
    """A host with a configuration, on which nothing runs yet."""
    images("2026.1")
    images("2026.2")
    with new_deployment(engine, tmp_path_factory, "manual") as deployment:
        for plugin in PLUGINS:
            deployment.install_plugin(plugin)
        deployment.configure(FIRST, "10-host")
        deployment.configure(PATIENCE.format("barbican-api"), "20-patience")
        yield Cloud(deployment)


def another_host_has_a_file(cloud: Cloud) -> None:
    folder = cloud.deployment.config_dir / "hosts"
    folder.mkdir()
    (folder / "compute1.conf").write_text(
        "[host]\nname = compute1\naddress = 192.0.2.21\nenabled = glance-api\n")


def the_other_host_is_removed(cloud: Cloud) -> None:
    shutil.rmtree(cloud.deployment.config_dir / "hosts")


def everything_is_enabled(cloud: Cloud) -> None:
    cloud.deployment.configure("[host]\nenabled = all\n", "10-host")


def memcached_is_configured(cloud: Cloud) -> None:
    cloud.deployment.configure(CACHED, "10-host")


def an_option_is_changed(cloud: Cloud) -> None:
    cloud.deployment.configure(
        "".join(f"[{name}]\nworkers = 3\n" for name in ("keystone", "barbican")))


def a_password_is_removed(cloud: Cloud) -> None:
    lines = cloud.passwords.read_text().splitlines(keepends=True)
    start = lines.index("[glance]\n")
    (place,) = [number for number, line in enumerate(lines)
                if line.startswith("password") and number > start][:1]
    cloud.passwords.write_text("".join(lines[:place] + lines[place + 1:]))


def old_keys_need_not_be_kept(cloud: Cloud) -> None:
    cloud.deployment.configure("[keystone]\nkeys_kept = 0\n", "80-keys")


def an_earlier_kolla_has_left_keys(cloud: Cloud) -> None:
    for kind in ("fernet", "credential"):
        (cloud.deployment.volume("keystone") / f"{kind}-keys").mkdir()


def a_host_is_gone_for_good(cloud: Cloud) -> None:
    query(cloud, "INSERT INTO kolla_hosts (name, container, release_name, since, confirmed) "
                 "SELECT 'ctl2', container, release_name, since, confirmed FROM kolla_hosts")


def the_state_file_is_lost(cloud: Cloud) -> None:
    (cloud.deployment.state_dir / "kolla.sqlite").rename(cloud.deployment.directory / "lost")


def a_copy_was_made_by_hand(cloud: Cloud) -> None:
    state = cloud.deployment.state_dir / "kolla.sqlite"
    (cloud.deployment.directory / "kolla-before.sqlite").write_bytes(state.read_bytes())
    state.rename(cloud.deployment.directory / "kolla-later.sqlite")


def the_monitor_has_made_a_copy(cloud: Cloud) -> None:
    with monitoring(cloud.deployment):
        until(lambda: list((cloud.deployment.state_dir / "copies").glob("*.sqlite")))


def the_database_is_restored(cloud: Cloud) -> None:
    """By a pipe, which the manual has between the lines."""
    dumps = cloud.deployment.state_dir / "dumps" / "keystone"
    dump = max(dumps.glob("*.sql.gz"), key=lambda path: path.stat().st_mtime)
    restore = cloud.deployment.command(
        "container", "exec", "mariadb", "--", "kolla-restore", "keystone")
    unpacked = subprocess.run(["gunzip", "-c", dump], capture_output=True, check=True)
    done = subprocess.run(restore, input=unpacked.stdout, capture_output=True,
                          env=cloud.deployment.environment(), timeout=300)
    assert done.returncode == 0, done.stderr


def the_example_is_removed(cloud: Cloud) -> None:
    cloud.deployment.configure("")
    cloud.deployment.configure(PATIENCE.format("mariadb"), "20-patience")
    cloud.deployment.remove_plugin(PLUGINS[0])


def _here(cloud: Cloud, word: str) -> str:
    """Paths of the manual, in the folder of this deployment."""
    copies = cloud.deployment.state_dir / "copies"
    if word.startswith("/var/lib/kolla/copies/"):
        return str(max(copies.iterdir()))
    folder = cloud.deployment.directory
    return re.sub("^/(root|srv)/", f"{folder}/", word)


def _typed(cloud: Cloud, arguments: list[str], answer: str) -> tuple[int, str]:
    """With an operator at a terminal who types the answer."""
    master, slave = pty.openpty()
    os.write(master, f"{answer}\n".encode())
    try:
        done = subprocess.run(
            cloud.deployment.command(*arguments), stdin=slave, capture_output=True, text=True,
            timeout=600, env=cloud.deployment.environment())
    finally:
        os.close(master)
        os.close(slave)
    return done.returncode, done.stdout + done.stderr


def _carried_out(cloud: Cloud, line: str) -> tuple[int, str]:
    arguments = [_here(cloud, word) for word in words(line)]
    if line == "kolla host install":
        arguments += ["--root", str(cloud.deployment.directory / "root")]
    if "--data" in arguments and "--yes" not in arguments:
        return _typed(cloud, arguments, answer=arguments[2])
    done = cloud.deployment.kolla(*arguments, expect=None, timeout=2400)
    return done.exit_code, done.stdout + done.stderr


#: In this order: what happens before a line of the manual, and the line.
STORY = (
    (None, "kolla --version"),
    (None, "kolla complete --shell fish"),
    (None, "kolla host check"),
    (None, "kolla host install"),
    (None, "kolla config passwords"),
    (None, "kolla config validate"),
    (another_host_has_a_file, "kolla --host compute1 config export --output /root/compute1"),
    (the_other_host_is_removed, "kolla image build"),
    (None, "kolla set start"),
    (None, "kolla container show glance-registry"),
    (everything_is_enabled, "kolla config passwords"),
    (None, "kolla image build redis"),
    (None, "kolla container start redis"),
    (None, "kolla container check redis"),
    (None, "kolla image build barbican"),
    (None, "kolla plan key-manager"),
    (None, "kolla set start key-manager"),
    (None, "kolla set check key-manager"),
    (memcached_is_configured, "kolla config passwords"),
    (None, "kolla image build"),
    (None, "kolla container start memcached"),
    (None, "kolla set upgrade all"),
    (None, "kolla container maintenance on keystone --for 10m"),
    (None, "kolla set maintenance on openstack-interface"),
    (None, "kolla set maintenance off openstack-interface"),
    (None, "kolla image build keystone --release 2026.2"),
    (None, "kolla container upgrade keystone --release 2026.2 --dry-run"),
    (None, "kolla container upgrade keystone --release 2026.2"),
    (None, "kolla container rollback keystone"),
    (None, "kolla container upgrade keystone --follow-config"),
    (an_option_is_changed, "kolla plan --detailed-exitcode"),
    (None, "kolla container upgrade barbican-api"),
    (None, "kolla container rollback barbican-api"),
    (None, "kolla container upgrade keystone"),
    (None, "kolla set upgrade --follow-config"),
    (a_password_is_removed, "kolla config passwords"),
    (None, "kolla plan"),
    (None, "kolla set upgrade --dry-run"),
    (None, "kolla set upgrade"),
    (old_keys_need_not_be_kept, "kolla config rotate keystone"),
    (None, "kolla container upgrade keystone"),
    (None, "kolla config rotate keystone"),
    (None, "kolla container upgrade keystone"),
    (None, "kolla container confirm keystone"),
    (None, "kolla config rotate keystone"),
    (None, "kolla container upgrade keystone"),
    (an_earlier_kolla_has_left_keys,
     "kolla container exec keystone -- rm -r /var/lib/keystone/fernet-keys"
     " /var/lib/keystone/credential-keys"),
    (None, "kolla set export --format compose --output /srv/openstack"),
    (None, "kolla container upgrade keystone --release 2026.2"),
    (None, "kolla container stop keystone"),
    (the_database_is_restored, "kolla container start keystone"),
    (None, "kolla container rollback keystone"),
    (None, "kolla container upgrade keystone --release 2026.2"),
    (None, "kolla container confirm keystone"),
    (a_host_is_gone_for_good, "kolla container exec keystone -- kolla-schema forget ctl2"),
    (None, "kolla container exec keystone -- kolla-schema status"),
    (the_state_file_is_lost, "kolla recover"),
    (a_copy_was_made_by_hand, "kolla recover --from /root/kolla-before.sqlite"),
    (the_monitor_has_made_a_copy,
     "kolla recover --from /var/lib/kolla/copies/kolla-2026-11-26.sqlite"),
    (None, "kolla set delete key-manager --data"),
    (the_example_is_removed, "kolla set delete stores --data --yes"),
    (None, "kolla set delete all --data --skip-tasks --yes"),
)
#: What is carried out elsewhere, or nowhere, and why; doc/source/testing.rst says so too.
ELSEWHERE = {
    "kolla image build --refresh-base": "test_image.py, with a namespace of its own",
    "kolla image prune": "the same",
    "kolla set start high-availability-control": "needs several hosts; test_virtual_address.py",
    "kolla container upgrade mariadb": "makes a cluster of it; test_galera.py",
    "kolla container check mariadb": "is the last step before the next line",
    "kolla container task mariadb new-cluster": "needs several hosts; test_galera.py",
    "kolla container restart mariadb --force": "the same",
    "kolla container stop mariadb --force": "the same",
    "kolla container task mariadb leave-cluster": "the same",
    "kolla image build glance-api": "cloud/test_swift.py",
    "kolla container upgrade glance-api": "the same",
    "kolla image build heat": "cloud/test_heat.py",
    "kolla image build cinder cinder-volume": "cloud/test_cinder.py",
    "kolla image build octavia octavia-amphora": "test_balancers.py",
    "kolla container task octavia-health-manager amphorae": "the story has no Octavia",
    "kolla image build gnocchi ceilometer aodh": "cloud/test_telemetry.py",
    "kolla image build horizon": "cloud/test_horizon.py",
    "kolla container task swift-proxy-server": "the story has no Swift",
    "kolla container task swift-proxy-server rings": "the same",
    "kolla image build neutron-linux-bridge-agents --release 2024.2": "test_linux_bridge.py",
    "kolla set upgrade neutron-server-linux-bridge --release 2024.2": "the same",
    "kolla set upgrade neutron-agents-linux-bridge --release 2024.2": "the same",
    "kolla set upgrade neutron-network-linux-bridge --release 2024.2": "the same",
    "kolla container rollback nova-conductor": "compute/test_nova.py",
    "kolla set restart nova-controller": "test_releases.py",
    "kolla container restart nova-api": "the same",
    "kolla container exec nova-api -- kolla-schema forget ctl2 nova-scheduler":
        "needs Nova on two hosts; test_schema_hosts.py forgets one of Keystone's",
}


@pytest.mark.parametrize("before, line", STORY, ids=[line for _, line in STORY])
def test_a_line_of_the_manual_does_what_it_says(cloud, before, line):
    if before:
        before(cloud)
    code, told = _carried_out(cloud, line)
    assert code == CODES.get(line, 0), told
    assert "Traceback" not in told
    if cloud.running("keystone"):  # else the line has stopped it, as it says
        checked = cloud.deployment.kolla("set", "check", "-f", "json", expect=None)
        unwell = [row for row in checked.json()
                  if row["generation"] and row["health"] != "healthy"]
        assert not unwell, checked.stderr
