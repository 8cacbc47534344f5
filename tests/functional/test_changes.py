"""Each change is found and named as the reason; where there is none, nothing is done."""

import configparser
import json

import pytest

from tests.functional.support import backends
from tests.functional.support.harness import derive
from tests.functional.support.watching import generation, serving, untouched

BACKENDS = backends.BOTH

NAME = "synthetic-http"


def upgrade(deployment, name: str = NAME) -> list[str]:
    """The reasons, which `kolla plan` gives just as the upgrade does."""
    (plan,) = deployment.kolla("plan", name, "-f", "json").json()
    (row,) = deployment.kolla("container", "upgrade", name, "-f", "json").json()
    assert row["outcome"] == "done", row
    assert row["reason"] == "; ".join(plan["reasons"])
    history = deployment.kolla("container", "history", name, "-f", "json").json()
    assert history[-1]["cause"] == "; ".join(["upgrade", *plan["reasons"]])
    return plan["reasons"]


def test_variable_that_is_added_changed_or_removed_is_the_reason(synthetic):
    name = "environment: OS_DEFAULT__DEBUG"
    for text, reason in (("debug = true", "added"), ("debug = false", "changed"), ("", "removed")):
        synthetic.configure(f"[synthetic-http/DEFAULT]\n{text}\n")
        assert upgrade(synthetic) == [f"{name} {reason}"]


def test_option_given_several_times_reaches_the_service(synthetic):
    synthetic.configure("[synthetic-http/DEFAULT]\ndriver = one\ndriver = two\n")
    assert upgrade(synthetic) == ["environment: OS_DEFAULT__DRIVER added"]
    done = synthetic.kolla("container", "exec", NAME, "--", "printenv", "OS_DEFAULT__DRIVER")
    assert done.stdout == "one\ntwo\n"


@pytest.mark.differs
def test_file_that_is_added_changed_or_removed_is_the_reason(synthetic, tmp_path):
    file = tmp_path / "file"
    configuration = f"[synthetic]\nfile = {file}\n"
    for content, text, reason in (
        ("one $HOME", configuration, "added"), ("two", configuration, "changed"),
        ("two", "", "removed"),
    ):
        file.write_text(content)
        synthetic.configure(text)
        assert f"file: /etc/synthetic/file {reason}" in upgrade(synthetic)
        if reason != "removed":
            done = synthetic.kolla("container", "exec", NAME, "--", "cat", "/etc/synthetic/file")
            assert done.stdout == content
    synthetic.kolla("container", "exec", NAME, "--", "test", "!", "-e", "/etc/synthetic/file")


def test_logging_and_security_are_reasons(synthetic):
    synthetic.configure("[logs]\nmax_size = 1m\n")
    assert upgrade(synthetic) == ["logging: max-size changed"]
    with synthetic.engine.client() as client:
        found = client.containers.get(f"{NAME}-g{generation(synthetic)}")
        assert found.attrs["HostConfig"]["LogConfig"]["Config"]["max-size"] == "1m"
    synthetic.configure("")
    assert upgrade(synthetic) == ["logging: max-size changed"]


def test_image_built_anew_is_the_reason_although_its_tag_is_the_same(synthetic):
    tag = "kolla/synthetic:2026.1"
    with synthetic.engine.client() as client:
        old = client.images.get(tag)
        derive(synthetic.engine, tag, tag, "LABEL kolla.test=new")
        (reason,) = upgrade(synthetic)
        assert reason.startswith(f"image: {tag} (2026.1, {old.id[7:19]}) -> {tag} (2026.1, ")
        assert old.tag(tag)
    (reason,) = upgrade(synthetic)
    assert reason.startswith("image: ")


ASKS = (
    ("set", "start"), ("container", "start", NAME), ("container", "upgrade", NAME),
    ("set", "upgrade"), ("recover",),
)


@pytest.mark.parametrize("command", ASKS, ids=" ".join)
def test_nothing_to_change_is_unchanged_and_touches_nothing(synthetic, command):
    with untouched(synthetic):
        rows = synthetic.kolla(*command, "-f", "json").json()
    assert {row["outcome"] for row in rows} == {"unchanged"}
    assert all(row["before"] == row["after"] for row in rows)


def test_what_is_confirmed_already_is_cleaned_up_again(synthetic):
    before = journal(synthetic)
    for _ in range(2):
        confirm = ("container", "confirm", "synthetic-worker", "-f", "json")
        (row,) = synthetic.kolla(*confirm).json()
    assert journal(synthetic) == [*before, *[f"contract {row['after']}"] * 2]


def test_start_of_what_is_stopped_changes_nothing_else(synthetic):
    number = generation(synthetic)
    synthetic.kolla("container", "stop", NAME)
    path = synthetic.configure("[synthetic-http/DEFAULT]\nworkers = 9\n", "82-new")
    done = synthetic.kolla("container", "upgrade", NAME, expect=1)
    assert f"`kolla container start {NAME}` first" in done.stderr
    (row,) = synthetic.kolla("container", "start", NAME, "-f", "json").json()
    assert (row["outcome"], row["after"], generation(synthetic)) == ("done", number, number)
    shown = synthetic.kolla("container", "show", NAME, "-f", "json").json()
    assert "OS_DEFAULT__WORKERS" not in shown["environment"]
    path.unlink()


def test_unchanged_is_said_to_people(synthetic):
    assert "unchanged" in synthetic.kolla("container", "upgrade", NAME).stdout
    assert f"{NAME}: nothing to do" in synthetic.kolla("plan").stdout


def test_order_of_lines_and_files_changes_nothing(synthetic):
    synthetic.configure("[synthetic-http/DEFAULT]\ndebug = true\nworkers = 3\n", "81-one")
    upgrade(synthetic)
    synthetic.configure("[synthetic-http/DEFAULT]\nworkers = 3\n", "81-one")
    synthetic.configure("[synthetic-http/DEFAULT]\ndebug = true\n", "80-two")
    (row,) = synthetic.kolla("container", "upgrade", NAME, "-f", "json").json()
    assert row["outcome"] == "unchanged"


# Secrets

def passwords(deployment) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(deployment.config_dir / "kolla.conf.d" / "passwords.conf")
    return parser


def rotate(deployment, value: str) -> None:
    path = deployment.config_dir / "kolla.conf.d" / "passwords.conf"
    old = passwords(deployment)["synthetic"]["password"]
    path.write_text(path.read_text().replace(old, value))


def password_inside(deployment) -> str:
    done = deployment.kolla(
        "container", "exec", "synthetic-worker", "--", "printenv", "KOLLA_PASSWORD"
    )
    return done.stdout.strip()


def journal(deployment) -> list[str]:
    done = deployment.kolla(
        "container", "exec", "synthetic-worker", "--", "cat", "/var/lib/synthetic/journal"
    )
    return done.stdout.splitlines()


@pytest.mark.differs
def test_rotated_secret_is_the_reason_and_bootstrap_applies_it(synthetic):
    rotate(synthetic, "rotated-$once}")
    with serving(synthetic):
        assert upgrade(synthetic, "synthetic-worker") == ["secret: synthetic.password changed"]
    (row,) = synthetic.kolla("container", "check", "synthetic-worker", "-f", "json").json()
    assert f"bootstrap {row['generation']}" in journal(synthetic)
    assert password_inside(synthetic) == "rotated-$once}"


def test_rollback_after_a_rotation_has_the_new_secret(synthetic):
    synthetic.configure("[synthetic-worker/DEFAULT]\ndebug = true\n")
    upgrade(synthetic, "synthetic-worker")
    rotate(synthetic, "rotated-twice")
    (row,) = synthetic.kolla("container", "rollback", "synthetic-worker", "-f", "json").json()
    assert row["outcome"] == "done"
    assert password_inside(synthetic) == "rotated-twice"
    shown = synthetic.kolla("container", "show", "synthetic-worker", "-f", "json").json()
    assert shown["environment"]["KOLLA_PASSWORD"] == "${synthetic.password}"
    assert "OS_DEFAULT__DEBUG" not in shown["environment"]


def test_passwords_are_filled_in_once_and_never_replaced(synthetic):
    path = synthetic.config_dir / "kolla.conf.d" / "passwords.conf"
    before = path.read_text()
    assert "no secret is missing" in synthetic.kolla("config", "passwords").stdout
    assert path.read_text() == before
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.differs
def test_secret_is_told_nowhere(synthetic):
    secret = passwords(synthetic)["synthetic"]["password"]
    told = [
        synthetic.kolla(*command).stdout
        for command in (
            ("config", "show"), ("config", "environment", "synthetic-worker"),
            ("container", "show", "synthetic-worker", "-f", "json"), ("plan", "-f", "json"),
            ("event", "list", "--operations", "-f", "json"),
            ("container", "history", "synthetic-worker", "-f", "json"),
        )
    ]
    assert secret not in json.dumps(told)


def test_a_task_is_run_on_demand_also_while_its_container_is_stopped(synthetic):
    name = "synthetic-worker"
    (row,) = synthetic.kolla("container", "task", name, "purge", "-f", "json").json()
    assert row["outcome"] == "done" and row["before"] == row["after"]
    synthetic.kolla("container", "stop", name)
    synthetic.kolla("container", "task", name, "purge")
    (task,) = synthetic.kolla("container", "task", name, "-f", "json").json()
    assert (task["task"], task["outcome"]) == ("purge", "done")
    synthetic.kolla("container", "start", name)
    assert journal(synthetic).count(f"purge {row['after']}") == 2
