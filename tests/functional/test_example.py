"""The example of a third party's plugin, from its installation to its removal."""

import dataclasses
import shutil
import socket

import pytest

from tests.functional.conftest import ROOT
from tests.functional.support.harness import Deployment, run
from tests.functional.support.watching import serving, untouched

NAME, PORT = "redis", 6379


@pytest.fixture(scope="module")
def site(deployment: Deployment, environment, tmp_path_factory):
    """kolla from its wheel with the example beside it, installed as its README says."""
    copy = tmp_path_factory.mktemp("example") / "redis"
    shutil.copytree(ROOT / "examples" / "redis", copy)
    pip = environment / "bin" / "pip"
    run(pip, "install", copy)
    deployment.configure("[host]\nenabled = stores\n", "10-host")
    yield dataclasses.replace(deployment, bin=environment / "bin")
    run(pip, "uninstall", "--yes", "kolla-redis")


@pytest.fixture(scope="module")
def started(site: Deployment) -> Deployment:
    site.kolla("image", "build", NAME, timeout=2400)
    (row,) = site.kolla("container", "start", NAME, "-f", "json").json()
    assert row["outcome"] == "done"
    return site


def talk(site: Deployment, *lines: str) -> str:
    """What Redis answers over a new connection."""
    with socket.create_connection((site.address, PORT), timeout=10) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "quit")).encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_it_is_in_the_tree_and_in_the_sample(site):
    tree = site.kolla("set", "tree").stdout
    assert tree.index("stores") < tree.index(NAME)
    assert "[redis]" in site.kolla("config", "sample").stdout
    shown = site.kolla("container", "show", NAME, "-f", "json").json()
    assert (shown["distribution"], shown["set"]) == ("kolla-redis", "stores")
    assert "redis" in site.kolla("image", "tree").stdout


def test_it_runs_and_is_healthy(started):
    assert started.kolla("container", "check", NAME).exit_code == 0
    assert "+OK" in talk(started, "set key value")
    assert "value" in talk(started, "get key")
    assert "maxmemory:67108864" in talk(started, "info memory")
    shown = started.kolla("container", "show", NAME, "-f", "json").json()
    assert shown["version"] and shown["privileges"] == {}


def test_changed_option_is_upgraded_to_and_rolled_back_from(started):
    started.configure("[redis]\nmemory = 32\n")
    (row,) = started.kolla("container", "upgrade", NAME, "-f", "json").json()
    assert (row["outcome"], row["reason"]) == (
        "done", "environment: KOLLA_MEMORY changed; limit: memory changed")
    assert "maxmemory:33554432" in talk(started, "info memory")
    started.kolla("container", "rollback", NAME)
    assert "maxmemory:67108864" in talk(started, "info memory")


def test_its_options_are_judged_like_all_others(started):
    path = started.configure("[redis]\nmemroy = 32\n")
    with untouched(started):
        done = started.kolla("container", "upgrade", NAME, expect=1)
    assert f"{path}:2" in done.stderr and "memory" in done.stderr
    path.unlink()


def test_it_is_deleted(started):
    started.kolla("container", "delete", NAME, "--yes")
    with pytest.raises(ConnectionRefusedError):
        talk(started, "ping")
    assert started.kolla("container", "check", NAME, expect=1)


BROKEN = {
    "cannot be imported": ("import nowhere_at_all\n", ["nowhere_at_all"]),
    "names an unknown set": (
        "import dataclasses\nfrom kolla_synthetic import WORKER\n"
        "THING = dataclasses.replace(WORKER, name='thing', parent='synthetik')\n",
        ["synthetik", "synthetic"],
    ),
    "takes a name that is taken": (
        "import dataclasses\nfrom kolla_synthetic import WORKER\nTHING = WORKER\n",
        ["synthetic-worker", "kolla-synthetic"],
    ),
}


@pytest.mark.parametrize("flaw", BROKEN)
def test_broken_plugin_is_named_and_stops_nothing(synthetic, tmp_path, flaw):
    module, told = BROKEN[flaw]
    name = "synthetic-worker" if "taken" in flaw else "thing"
    (tmp_path / "pyproject.toml").write_text(
        "[project]\nname = 'third-party'\nversion = '1'\n"
        f"[project.entry-points.'kolla.containers']\n{name} = 'third_party:THING'\n"
        "[tool.setuptools]\npackages = ['third_party']\n"
    )
    (tmp_path / "third_party").mkdir()
    (tmp_path / "third_party" / "__init__.py").write_text(module)
    synthetic.install_plugin(tmp_path)
    try:
        with serving(synthetic):
            done = synthetic.kolla("container", "restart", "synthetic-http")
        told_by_validate = synthetic.kolla("config", "validate", expect=1).stdout
    finally:
        synthetic.remove_plugin(tmp_path)
    for text in (done.stderr, told_by_validate):
        assert "third-party" in text and all(part in text for part in told), text
    assert "third-party" not in synthetic.kolla("set", "tree").stderr
