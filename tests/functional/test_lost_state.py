"""What kolla makes of containers when its memory is lost, and of those that are not its own."""

import contextlib
import json
import pathlib

from tests.functional.support import backends
from tests.functional.support.harness import Deployment, run
from tests.functional.support.watching import generation, serving

BACKENDS = backends.BOTH

HTTP, WORKER = "synthetic-http", "synthetic-worker"


def current(deployment: Deployment, container: str = HTTP) -> str:
    """Its name on the engine."""
    rows = deployment.kolla("container", "history", container, "-f", "json").json()
    (number,) = [row["generation"] for row in rows if row["state"] == "current"]
    return f"{container}-g{number}"


def inspected(deployment: Deployment, name: str) -> dict:
    with deployment.engine.client() as client:
        return client.api.inspect_container(name)


def lose_state_file(deployment: Deployment) -> None:
    for path in deployment.state_dir.glob("kolla.sqlite*"):
        path.unlink()


def give_up(deployment: Deployment, name: str) -> None:
    """Do to it on the engine what the monitor does."""
    with deployment.engine.client() as client:
        client.api.update_container(name, restart_policy={"Name": "no"})


def relabel(deployment: Deployment, name: str, snapshot: str) -> None:
    """Have the same container with another snapshot in its label."""
    with deployment.engine.client() as client:
        found = client.api.inspect_container(name)
        client.api.remove_container(name, force=True)
        config = found["Config"]
        labels = config["Labels"] | {"kolla.spec": snapshot}
        client.api.create_container_from_config(
            {**config, "Labels": labels, "HostConfig": found["HostConfig"]}, name
        )
        client.api.start(name)


def outcomes(deployment: Deployment) -> tuple[dict[str, str], str]:
    """What a recovery did with each container, and what it warned of."""
    done = deployment.kolla("recover", "-f", "json")
    return {row["container"]: row["outcome"] for row in done.json()}, done.stderr


def test_what_the_monitor_gave_up_survives_the_loss_of_the_state_file(synthetic):
    name, number = current(synthetic), generation(synthetic)
    before = inspected(synthetic, name)
    give_up(synthetic, name)
    lose_state_file(synthetic)
    with serving(synthetic) as answers:
        synthetic.kolla("recover")
        answers.wait_for(lambda: len(answers.given) > 5)
    assert set(answers.given) == {number}
    after = inspected(synthetic, name)
    assert (after["Id"], after["State"]["StartedAt"]) == (
        before["Id"], before["State"]["StartedAt"])
    assert after["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert current(synthetic) == name


def test_a_snapshot_of_a_later_kolla_is_taken_in(synthetic):
    name = current(synthetic, WORKER)
    snapshot = json.loads(inspected(synthetic, name)["Config"]["Labels"]["kolla.spec"])
    relabel(synthetic, name, json.dumps(snapshot | {"sysctls": {"net.core.somaxconn": "1"}}))
    runs = inspected(synthetic, name)["Id"]
    lose_state_file(synthetic)
    outcomes(synthetic)
    assert current(synthetic, WORKER) == name
    assert inspected(synthetic, name)["Id"] == runs


def test_a_label_that_nobody_can_read_is_reported_and_its_container_left_alone(synthetic):
    name = current(synthetic, WORKER)
    snapshot = inspected(synthetic, name)["Config"]["Labels"]["kolla.spec"]
    relabel(synthetic, name, snapshot[:100])
    runs = inspected(synthetic, name)
    lose_state_file(synthetic)
    _, said = outcomes(synthetic)
    assert f"the container {name} is left alone" in said
    assert inspected(synthetic, name)["State"] == runs["State"]
    relabel(synthetic, name, snapshot)
    outcomes(synthetic)
    assert current(synthetic, WORKER) == name


def test_a_copy_and_a_container_with_half_the_labels_stop_nothing(synthetic):
    name = current(synthetic)
    with strangers(synthetic, name) as made:
        for _ in range(2):
            result, said = outcomes(synthetic)
            assert set(result.values()) == {"unchanged"}
            for stranger in made:
                assert f"the container {stranger} is left alone" in said
        synthetic.kolla("container", "restart", HTTP)
        rows = synthetic.kolla("host", "check", "-f", "json", expect=None).json()
        found = {row["check"]: row["advice"] for row in rows}
        for stranger in made:
            assert f"docker rm -f {stranger}" in found[f"container {stranger}"]
            assert inspected(synthetic, stranger)["State"]["Running"]


@contextlib.contextmanager
def strangers(deployment: Deployment, name: str):
    """A run of a copy that `docker commit` made, and a container with one label of two."""
    quiet = {"entrypoint": ["sleep", "infinity"], "network_mode": "none", "detach": True}
    with deployment.engine.client() as client:
        image = client.containers.get(name).commit()
        half = inspected(deployment, name)["Image"]
        made = [
            client.containers.run(image.id, **quiet),
            client.containers.run(half, labels={"kolla.container": HTTP}, **quiet),
        ]
        try:
            yield [container.name for container in made]
        finally:
            for container in made:
                container.remove(force=True)
            client.images.remove(image.id)


def test_a_pinned_release_survives_the_loss_of_the_state_file(synthetic):
    synthetic.kolla("container", "upgrade", HTTP, "--release", "2026.2")
    before = current(synthetic)
    lose_state_file(synthetic)
    outcomes(synthetic)
    synthetic.kolla("set", "upgrade", "all")
    assert current(synthetic) == before
    shown = synthetic.kolla("container", "show", HTTP, "-f", "json").json()
    assert shown["release"] == "2026.2"


def test_a_copy_brings_the_history_back_and_what_was_done_since_counts(synthetic):
    copy = synthetic.directory / "copy.sqlite"
    copy.write_bytes((synthetic.state_dir / "kolla.sqlite").read_bytes())
    synthetic.configure("[synthetic-http/DEFAULT]\nworkers = 7\n")
    synthetic.kolla("container", "upgrade", HTTP)
    number = generation(synthetic)
    lose_state_file(synthetic)
    with serving(synthetic) as answers:
        done = synthetic.kolla("recover", "--from", str(copy))
    assert set(answers.given) == {number}
    assert "before-recovery" not in done.stderr
    rows = synthetic.kolla("container", "history", HTTP, "-f", "json").json()
    found = {row["generation"]: row for row in rows}
    assert found[number]["state"] == "current"
    assert found[number - 1]["cause"].startswith("found on the engine")
    assert synthetic.kolla("event", "list", "-f", "json").json()
    synthetic.kolla("container", "rollback", HTTP)
    assert generation(synthetic) == number + 1
    missing = synthetic.kolla("recover", "--from", "/nowhere.sqlite", expect=1)
    assert f"copies are in {synthetic.state_dir}/copies" in missing.stderr


@contextlib.contextmanager
def read_only(folder: pathlib.Path):
    """Nothing below the folder can be written."""
    run("mount", "--bind", folder, folder)
    try:
        run("mount", "-o", "remount,bind,ro", folder)
        yield
    finally:
        run("umount", folder)


READING = (
    "set list", "set tree", "set show synthetic", "set check",
    "container list", f"container show {HTTP}", f"container history {HTTP}",
    f"container logs {HTTP} --tail 2", "event list", "plan", "host check", "config validate",
    "image list",
)


def test_what_only_reads_works_on_a_disk_that_is_read_only(synthetic):
    with read_only(synthetic.state_dir):
        for command in READING:
            done = synthetic.kolla(*command.split(), expect=None)
            assert done.exit_code == 0 or command == "host check", done.stderr
            assert done.stdout or command == "config validate"
        tree = synthetic.kolla("set", "tree", "-f", "json").json()
        done = synthetic.kolla("container", "restart", HTTP, expect=1)
        assert "ead-only" in done.stderr and "bug" not in done.stderr
    shown = {row["name"]: row["generation"] for row in tree}
    assert shown[HTTP] == generation(synthetic)
