"""A typo and a reboot, and a plugin that is gone: what exists is there, watched and in hand."""

import urllib.error
import urllib.request

import pytest

from tests.functional.conftest import SYNTHETIC
from tests.functional.support.harness import Deployment
from tests.functional.support.monitoring import CONFIGURATION, healthy, monitoring
from tests.functional.support.watching import generation, until

HTTP, WORKER, CHAIN = "synthetic-http", "synthetic-worker", SYNTHETIC.with_name("chain")
GONE = [f"chain-{name}" for name in ("first", "second", "third")]


@pytest.fixture(scope="module")
def running(deployment: Deployment, synthetic_images) -> Deployment:
    """The containers of two plugins, and a monitor in a hurry whenever one is started."""
    for plugin in (SYNTHETIC, CHAIN):
        deployment.install_plugin(plugin)
    deployment.configure("[host]\nenabled = synthetic, chain\n", "10-host")
    deployment.configure(CONFIGURATION, "20-monitor")
    deployment.kolla("config", "passwords")
    deployment.kolla("set", "start")
    return deployment


def endpoint(deployment: Deployment, path: str) -> int:
    """The status that a load balancer gets."""
    try:
        with urllib.request.urlopen(f"http://{deployment.address}:9555{path}") as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.parametrize("mistake, told", [
    ("[synthetic]\nprot = 1\n", ":2: [synthetic] has no option 'prot'"),
    ("[synthetic\nport = 1\n", ":1: Invalid section"),
], ids=["a typo", "a file that cannot be read"])
def test_after_a_mistake_and_a_reboot_everything_is_up_and_watched(running, mistake, told):
    path = running.configure(mistake, "80-mistake")
    try:
        with running.engine.client() as client:
            client.containers.get(f"{WORKER}-g1").remove(force=True)  # has to be made anew
            for container in client.containers.list():
                container.kill()
        done = running.kolla("recover")
        assert f"{path}{told}" in done.stderr and "the last valid one" in done.stderr
        assert generation(running) == 1
        with monitoring(running) as monitor:
            monitor.says(told)
            healthy(running)
            until(lambda: endpoint(running, "/sets/synthetic") == 200)
            running.kolla("container", "stop", WORKER)
            until(lambda: endpoint(running, "/sets/synthetic") == 503)
            running.kolla("container", "start", WORKER)
            until(lambda: endpoint(running, "/sets/synthetic") == 200)
        refused = running.kolla("set", "upgrade", expect=1)
        assert f"{path}{told}" in refused.stderr and "nothing was changed" in refused.stderr
    finally:
        path.unlink()


def test_what_a_plugin_left_behind_is_shown_and_stopped_and_deleted_and_stops_nothing(running):
    secrets = running.config_dir / "kolla.conf.d" / "passwords.conf"
    secrets.write_text(secrets.read_text() + "\n[chain]\npassword = forgotten\n")
    running.remove_plugin(CHAIN)
    running.configure("[host]\nenabled = synthetic\n", "10-host")
    assert "note: " in running.kolla("config", "validate").stdout

    tree = running.kolla("set", "tree").stdout
    assert tree.index("left-over") < min(map(tree.index, GONE))
    rows = {row["name"]: row for row in running.kolla("container", "list", "-f", "json").json()}
    assert {rows[name]["set"] for name in GONE} == {"left-over"}
    rows = {row["container"]: row for row in running.kolla("set", "check", "-f", "json").json()}
    assert {rows[name]["health"] for name in GONE} == {"healthy"}
    assert all(rows[name]["detail"].startswith("left over") for name in GONE)
    plan = running.kolla("plan").stdout
    assert f"{GONE[0]}: nothing to do\n  left over: its plugin is not installed" in plan
    with monitoring(running):
        until(lambda: endpoint(running, "/sets/left-over") == 200)

    rows = running.kolla("set", "upgrade", "-f", "json").json()
    assert {row["container"] for row in rows} == {HTTP, WORKER}
    refused = running.kolla("container", "upgrade", GONE[0], expect=1)
    assert "left over" in refused.stderr and f"container delete {GONE[0]}" in refused.stderr
    running.kolla("container", "stop", GONE[2])
    assert running.kolla("set", "check", "-f", "json").exit_code == 0
    assert running.kolla("container", "logs", GONE[0], "--tail", "1").exit_code == 0
    running.kolla("container", "start", GONE[2])
    running.kolla("set", "delete", "left-over", "--data", "--yes")
    assert "left-over" not in running.kolla("set", "tree").stdout
    with running.engine.client() as client:
        names = [container.name for container in client.containers.list(all=True)]
        volumes = [volume.name for volume in client.volumes.list()]
    assert not [name for name in (*names, *volumes) if name.startswith("chain")]
    assert running.kolla("set", "check").exit_code == 0


def test_images_of_a_plugin_that_is_gone_are_listed_and_pruned(running):
    running.remove_plugin(SYNTHETIC)
    rows = running.kolla("image", "list", "-f", "json").json()
    assert {row["state"] for row in rows if row["name"] == "synthetic"} == {"left over"}
    running.install_plugin(SYNTHETIC)
