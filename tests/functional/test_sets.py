"""Container sets: order, failures half-way, and the way on or back from there."""

import csv
import io
import re
import time

import pytest
import yaml

from tests.functional.conftest import SYNTHETIC
from tests.functional.support import backends
from tests.functional.support.harness import Deployment
from tests.functional.support.watching import engine_events, untouched

BACKENDS = backends.BOTH

NAMES = ["chain-first", "chain-second", "chain-third"]
FIRST, SECOND, THIRD = NAMES


@pytest.fixture(scope="module")
def chain(deployment: Deployment, synthetic_images) -> Deployment:
    deployment.install_plugin(SYNTHETIC)
    deployment.install_plugin(SYNTHETIC.with_name("chain"))
    deployment.configure("[host]\nenabled = chain\n", "10-host")
    deployment.kolla("config", "passwords")
    return deployment


def outcomes(rows: list[dict]) -> dict[str, str]:
    return {row["container"]: row["outcome"] for row in rows}


def generations(chain: Deployment) -> dict[str, int]:
    rows = chain.kolla("container", "list", "-f", "json").json()
    return {row["name"]: row["generation"] for row in rows}


def numbers(chain: Deployment) -> list[str]:
    """What each of the three was given, as its process has it."""
    return [
        chain.kolla("container", "exec", name, "--", "printenv", "KOLLA_NUMBER").stdout.strip()
        for name in NAMES
    ]


def upgrade(chain: Deployment, number: int, *options: str, failing: str = "") -> dict:
    settings = ["--set", f"chain.number={number}"]
    if failing:
        settings += ["--set", f"chain.{failing}_failure=check"]
    return chain.kolla(
        *settings, "set", "upgrade", *options, "-f", "json", expect=1 if failing else 0
    )


def order_of(chain: Deployment, action: str, *arguments: str) -> list[str]:
    """In which order a command had the engine do something to the containers."""
    began = time.time()
    chain.kolla(*arguments)
    found = [event.split()[2].rpartition("-g")[0] for event in engine_events(chain, began)
             if event.startswith(f"container {action} chain-") and event.count("-") == 2]
    return list(dict.fromkeys(found))


@pytest.mark.differs
def test_requirements_start_first_and_stop_last(chain):
    assert order_of(chain, "start", "set", "start", "chain") == NAMES
    assert order_of(chain, "die", "set", "stop", "chain") == NAMES[::-1]
    rows = chain.kolla("set", "check", "-f", "json", expect=1).json()
    assert {row["health"] for row in rows} == {"stopped"}
    assert order_of(chain, "start", "set", "start", "chain") == NAMES
    assert chain.kolla("set", "check", "chain").exit_code == 0


def test_container_whose_requirement_does_not_run_is_not_started(chain):
    chain.kolla("container", "delete", THIRD, "--yes")
    chain.kolla("container", "stop", SECOND)
    with untouched(chain):
        done = chain.kolla("container", "start", THIRD, expect=1)
    assert f"{THIRD} requires {SECOND}" in done.stderr
    rows = chain.kolla("set", "start", "-f", "json").json()
    assert outcomes(rows) == {FIRST: "unchanged", SECOND: "done", THIRD: "done"}


def test_failure_leaves_a_report_of_what_is_done_failed_and_not_begun(chain):
    before = generations(chain)
    done = upgrade(chain, 2, failing="second")
    assert outcomes(done.json()) == {FIRST: "done", SECOND: "failed", THIRD: "not begun"}
    assert "the check is told to fail" in done.stderr
    assert generations(chain) == {**before, FIRST: before[FIRST] + 1}
    assert numbers(chain) == ["2", "1", "1"]
    assert chain.kolla("set", "check").exit_code == 0


def test_running_it_again_continues(chain):
    done = upgrade(chain, 2)
    assert outcomes(done.json()) == {FIRST: "unchanged", SECOND: "done", THIRD: "done"}
    assert numbers(chain) == ["2", "2", "2"]


def test_rollback_on_failure_returns_what_was_already_done(chain):
    before = generations(chain)
    done = upgrade(chain, 3, "--rollback-on-failure", failing="third")
    assert outcomes(done.json()) == {FIRST: "rolled back", SECOND: "rolled back", THIRD: "failed"}
    assert generations(chain) == {
        FIRST: before[FIRST] + 2, SECOND: before[SECOND] + 2, THIRD: before[THIRD],
    }
    assert numbers(chain) == ["2", "2", "2"]


def test_set_is_rolled_back_as_a_whole(chain):
    upgrade(chain, 4)
    rows = chain.kolla("set", "rollback", "chain", "-f", "json").json()
    assert set(outcomes(rows).values()) == {"done"}
    assert numbers(chain) == ["2", "2", "2"]


def test_hooks_are_told_and_broken_ones_harm_nothing(chain, tmp_path):
    enabled = "enabled = chain-broken, chain-hangs, chain-note\nwait = 2\n"
    path = chain.configure(f"[hooks]\n{enabled}", "80-hooks")
    done = chain.kolla(
        "set", "restart", "chain", "-f", "json", env={"KOLLA_TEST_NOTES": str(tmp_path / "notes")}
    )
    path.unlink()
    assert set(outcomes(done.json()).values()) == {"done"}
    assert done.stderr.count("the hook chain-broken failed") == 1
    assert done.stderr.count("the hook chain-hangs ") == 1
    assert (tmp_path / "notes").read_text().splitlines() == [
        f"restarted {name} chain {number} done" for name, number in generations(chain).items()
    ]


DRY = (
    ("set", "start", "--dry-run"), ("set", "stop", "chain", "--dry-run"),
    ("set", "restart", "chain", "--dry-run"), ("set", "upgrade", "--dry-run"),
    ("set", "rollback", "chain", "--dry-run"), ("set", "confirm", "chain", "--dry-run"),
    ("set", "delete", "chain", "--data", "--dry-run"), ("recover", "--dry-run"),
    ("config", "passwords", "--dry-run"), ("image", "prune", "--dry-run"),
    ("plan",),
)


@pytest.mark.parametrize("command", DRY, ids=" ".join)
def test_dry_run_prints_the_plan_and_touches_nothing(chain, command):
    with untouched(chain):
        done = chain.kolla("--set", "chain.number=5", *command)
    assert done.stdout.strip()


def test_dry_run_tells_each_step_and_its_cause(chain):
    text = chain.kolla("-v", "--set", "chain.number=5", "set", "upgrade", "--dry-run").stdout
    after = generations(chain)[FIRST] + 1
    assert f"{FIRST}: upgrade, generation {after - 1} -> {after}" in text
    assert re.search(r"because environment: KOLLA_NUMBER \S+ -> \S+", text)
    steps = ["record", "create", "stop", "start", "check", "commit"]
    places = [text.index(f" {step} {FIRST}-g") for step in steps]
    assert places == sorted(places)


@pytest.mark.parametrize("command", [("set", "list"), ("set", "tree"), ("container", "list"),
                                     ("plan",), ("set", "check"), ("set", "start")], ids=" ".join)
def test_machine_formats_know_the_same_names(chain, command):
    rows = chain.kolla(*command, "-f", "json").json()
    (key, *_) = rows[0]
    documents = yaml.safe_load(chain.kolla(*command, "-f", "yaml").stdout)
    assert [document.keys() for document in documents] == [row.keys() for row in rows]
    table = list(csv.DictReader(io.StringIO(chain.kolla(*command, "-f", "csv").stdout)))
    assert [list(row) for row in table] == [list(row) for row in rows]
    values = chain.kolla(*command, "-f", "value", "-c", key).stdout.split()
    assert values == [row[key] for row in rows] == [row[key] for row in table]


def test_completion_knows_sets_containers_and_generations(chain):
    def offered(*words: str) -> list[str]:
        return chain.kolla("complete", "--", *words).stdout.split()

    assert "chain" in offered("set", "start", "")
    assert set(NAMES) <= set(offered("container", "start", ""))
    current = str(generations(chain)[FIRST])
    assert current in offered("container", "show", FIRST, "--generation", "")
    assert current not in offered("container", "rollback", FIRST, "--to", "")


USAGE = (
    ("container", "upgrade", "chain-frist"), ("set", "start", "chian"), ("set", "delete"),
    ("container", "start", "keystone"), ("container", "start", "chain"), ("set", "strat"),
    ("container", "rollback", FIRST, "--to", "99"), ("container", "list", "--al"),
    ("cont", "list"),
    ("container", "upgrade", FIRST, "--release", "latest"), ("container", "show", "nobody"),
    ("set", "delete", "chain"), ("container", "upgrade", FIRST, SECOND, "--image", "x"),
)


@pytest.mark.parametrize("command", USAGE, ids=" ".join)
def test_wrong_usage_ends_with_2_and_touches_nothing(chain, command):
    with untouched(chain):
        done = chain.kolla(*command, expect=2)
    assert done.stderr.startswith("kolla: ")
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.differs
def test_deleted_set_keeps_its_data_and_its_numbers(chain):
    before = generations(chain)
    chain.kolla("set", "delete", "chain", "--yes")
    assert on_engine(chain) == (set(), {f"{name}" for name in NAMES})
    rows = chain.kolla("set", "start", "-f", "json").json()
    assert all(row["after"] > before[row["container"]] for row in rows)
    journal = chain.kolla(
        "container", "exec", FIRST, "--", "cat", "/var/lib/synthetic/journal"
    ).stdout.splitlines()
    assert journal[0] == "start 1"


@pytest.mark.differs
def test_deleted_data_is_gone_and_numbers_still_grow(chain):
    before = generations(chain)
    chain.kolla("set", "delete", "all", "--data", "--yes")
    assert on_engine(chain) == (set(), set())
    history = chain.kolla("container", "history", FIRST, "-f", "json").json()
    assert [row["rollback"] for row in history] == [False] * len(history)
    rows = chain.kolla("set", "start", "-f", "json").json()
    assert all(row["after"] > before[row["container"]] for row in rows)


def on_engine(chain: Deployment) -> tuple[set[str], set[str]]:
    """Containers and volumes of the chain."""
    with chain.engine.client() as client:
        containers = client.containers.list(all=True, filters={"label": "kolla.container"})
        volumes = client.volumes.list(filters={"name": "chain-"})
    return {found.name for found in containers}, {found.name for found in volumes}


# Containers of one software: the agent follows the lead


@pytest.fixture
def pair(chain):
    """Both at 2026.1, and the others out of the way."""
    chain.kolla("set", "delete", "all", "--data", "--yes")
    chain.configure("[host]\nenabled = pair\n", "10-host")
    chain.kolla("set", "start", "pair")
    yield chain
    chain.kolla("set", "delete", "pair", "--data", "--yes")
    chain.configure("[host]\nenabled = chain\n", "10-host")


def test_followers_are_upgraded_last_go_back_first_and_prepare_it_in_the_place_of_another(pair):
    to = ("set", "upgrade", "pair", "--release", "2026.2")
    plans = pair.kolla(*to, "--dry-run", "-f", "json").json()
    assert [(plan["container"], plan["begins_after"]) for plan in plans] == [
        ("pair-lead", []), ("pair-agent", ["pair-lead"]),
    ]
    refused = pair.kolla("container", "upgrade", "pair-agent", "--release", "2026.2", expect=1)
    assert "pair-lead, which it follows, is of 2026.1" in refused.stderr
    pair.kolla(*to)
    refused = pair.kolla("container", "rollback", "pair-lead", expect=1)
    assert "pair-agent, which follows it, is of 2026.2" in refused.stderr
    assert generations(pair) == {"pair-agent": 2, "pair-lead": 2}
    pair.kolla("set", "rollback", "pair")
    journal = pair.kolla(
        "container", "exec", "pair-lead", "--", "cat", "/var/lib/synthetic/journal"
    ).stdout.splitlines()
    prepared = [f"before-rollback 2 of {name} to 2026.1" for name in ("pair-agent", "pair-lead")]
    assert [line for line in journal if line.startswith("before-rollback")] == prepared
    assert {row["release"] for row in pair.kolla("container", "list", "-f", "json").json()} == {
        "2026.1"
    }
