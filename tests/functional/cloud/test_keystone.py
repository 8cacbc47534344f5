"""Keystone: from nothing to another release and back, while its users work on."""

import subprocess

import openstack
import pytest

from tests.functional.support.cloud import Cloud
from tests.functional.support.harness import line_of
from tests.functional.support.watching import until, untouched

NAME = "keystone"


def act(cloud: Cloud, *arguments: str) -> dict:
    (row,) = cloud.deployment.kolla("container", *arguments, "-f", "json").json()
    return row


def test_everything_was_started_from_nothing(cloud):
    assert {row["container"]: (row["outcome"], row["before"], row["after"])
            for row in cloud.started} == {
        name: ("done", None, 1) for name in ("mariadb", "rabbitmq", "keystone", "glance-api")
    }
    assert cloud.deployment.kolla("set", "check").exit_code == 0


def test_ordinary_client_gets_a_token_and_sees_the_catalog(cloud):
    assert len(cloud.openstack("token", "issue")["id"]) > 100
    assert {row["Type"] for row in cloud.openstack("catalog", "list")} == {"identity", "image"}


def test_second_start_is_unchanged_and_touches_nothing(cloud):
    with untouched(cloud.deployment):
        rows = cloud.deployment.kolla("set", "start", "-f", "json").json()
    assert {row["outcome"] for row in rows} == {"unchanged"}


def rotate(cloud: Cloud, step: str) -> None:
    rows = cloud.deployment.kolla("config", "rotate", NAME, "-f", "json").json()
    assert {row["step"] for row in rows} == {step} and len(rows) == 2


@pytest.mark.exhaustive
def test_rotated_keys_leave_tokens_and_credentials_valid(cloud):
    """As the guide "Operations" has it, with a command that is killed in the midst of it.

    Before any other release is tried: what is confirmed does not go back to an earlier one.
    """
    user = cloud.connect()
    owner = user.identity.find_user("admin").id
    credential = user.identity.create_credential(user_id=owner, type="cert", blob="mine")
    tokens, old = [user.authorize()], {*keys(cloud)}
    with cloud.at_work():
        for step in ("stage", "sign"):
            rotate(cloud, step)
            with cloud.deployment.spawned("container", "upgrade", NAME) as upgrade:
                line_of(upgrade, "start")
                upgrade.kill()
            row = act(cloud, "upgrade", NAME)
            assert (row["outcome"], row["unavailable"]) == ("done", 0)
            tokens.append(cloud.connect().authorize())
            assert all(cloud.is_valid(token) for token in tokens)
        refused = cloud.deployment.kolla("config", "rotate", NAME, expect=1).stderr
        assert "is not confirmed" in refused
        cloud.deployment.kolla("container", "confirm", NAME)
        refused = cloud.deployment.kolla("config", "rotate", NAME, expect=1).stderr
        assert "have signed is valid until" in refused and cloud.is_valid(tokens[0])
        path = cloud.deployment.configure("[keystone]\nkeys_kept = 0\n", "80-kept")
        rotate(cloud, "drop")
        path.unlink()
        assert act(cloud, "upgrade", NAME)["outcome"] == "done"
    cloud.deployment.kolla("container", "confirm", NAME)  # what a rollback goes back to
    assert [cloud.is_valid(token) for token in tokens] == [False, False, True]
    assert len(keys(cloud)) == 2 and not old & {*keys(cloud)}
    assert cloud.connect().identity.get_credential(credential.id).blob == "mine"
    cloud.connect().identity.delete_credential(credential.id)


def keys(cloud: Cloud) -> list[str]:
    return [value for name, value in cloud.secrets().items() if "_keys:" in name]


def test_upgrade_to_the_next_release_is_not_noticed(cloud):
    connection = cloud.connect()  # with a token from before, which stays good
    number = cloud.current(NAME)["generation"]
    with cloud.at_work():
        row = act(cloud, "upgrade", NAME, "--release", "2026.2")
    assert (row["outcome"], row["before"], row["after"]) == ("done", number, number + 1)
    assert row["unavailable"] == 0
    assert connection.identity.get("/auth/projects").status_code == 200
    now = cloud.current(NAME)
    assert (now["release"], now["pin"], now["health"]) == ("2026.2", "2026.2", "healthy")
    assert now["version"].startswith("30.")
    assert cloud.running(NAME) == [f"keystone-g{number + 1}"]


def test_history_shows_the_upgrade(cloud):
    old, new = cloud.history(NAME)[-2:]
    assert (old["state"], old["release"], old["rollback"]) == ("kept", "2026.1", True)
    assert old["reason"] == f"replaced by generation {new['generation']}"
    assert (new["state"], new["release"]) == ("current", "2026.2")
    assert new["cause"].startswith("upgrade; image: kolla/keystone:2026.1 (29.")
    assert "-> kolla/keystone:2026.2 (30." in new["cause"]


@pytest.mark.parametrize(
    "options, outcome", [((), "pinned"), (("--release", "2026.2"), "unchanged")],
    ids=["plain", "same release"],
)
def test_second_upgrade_changes_nothing_and_says_why(cloud, options, outcome):
    with untouched(cloud.deployment):
        assert act(cloud, "upgrade", NAME, *options)["outcome"] == outcome


def test_rollback_is_not_noticed(cloud):
    number = cloud.current(NAME)["generation"]
    with cloud.at_work():
        row = act(cloud, "rollback", NAME)
    assert (row["outcome"], row["after"]) == ("done", number + 1)
    now = cloud.current(NAME)
    assert (now["release"], now["health"]) == ("2026.1", "healthy")
    *_, gone, current = cloud.history(NAME)
    assert gone["state"] == "rolled back"
    assert current["cause"].startswith(f"rollback; back to generation {number - 1}: ")
    cloud.openstack("token", "issue")


def test_rollback_pins_the_release_which_is_told_and_can_be_ended(cloud):
    assert cloud.current(NAME)["pin"] == "2026.1"
    assert act(cloud, "upgrade", NAME)["outcome"] == "unchanged"
    plan = cloud.deployment.kolla("--set", "DEFAULT.release=2026.2", "plan", NAME).stdout
    assert "pinned to 2026.1 since" in plan and "--follow-config" in plan
    assert act(cloud, "upgrade", NAME, "--follow-config")["outcome"] == "done"
    assert cloud.current(NAME)["pin"] is None


@pytest.mark.parametrize("process", [
    "uwsgi", pytest.param("haproxy", marks=pytest.mark.exhaustive),
])
def test_service_that_dies_is_restarted_by_the_engine_and_joins_again(cloud, process):
    before = cloud.current(NAME)
    began = started_at(cloud, f"keystone-g{before['generation']}")
    kill = f"cd /proc; for p in [0-9]*; do [[ $(< $p/comm) != {process} ]] || kill -9 $p; done"
    cloud.deployment.kolla("container", "exec", NAME, "--", "bash", "-c", kill, expect=None)
    until(lambda: started_at(cloud, f"keystone-g{before['generation']}") != began)
    until(lambda: answers(cloud))
    assert cloud.current(NAME)["generation"] == before["generation"]
    cloud.deployment.kolla("container", "check", NAME)


def started_at(cloud: Cloud, name: str) -> str:
    with cloud.deployment.engine.client() as client:
        return client.containers.get(name).attrs["State"]["StartedAt"]


def answers(cloud: Cloud) -> bool:
    try:
        return bool(cloud.use())
    except openstack.exceptions.SDKException:
        return False


# What is refused

REFUSED = {
    "unknown option": ("[keystone/token]\nexpirashun = 60\n", "expiration"),
    "unknown group": ("[keystone/tokne]\nexpiration = 60\n", "token"),
    "wrong type": ("[keystone/token]\nexpiration = long\n", "long"),
}


@pytest.mark.parametrize("flaw", REFUSED)
def test_bad_option_is_refused_before_anything_is_touched(cloud, flaw):
    text, told = REFUSED[flaw]
    path = cloud.deployment.configure(text, "80-bad")
    try:
        with untouched(cloud.deployment):
            done = cloud.deployment.kolla("container", "upgrade", NAME, expect=1)
    finally:
        path.unlink()
    assert f"{path}:2" in done.stderr and told in done.stderr


def test_option_that_is_fatal_at_run_time_leaves_the_old_generation_serving(cloud):
    number = cloud.current(NAME)["generation"]
    path = cloud.deployment.configure("[keystone/token]\nprovider = nonsense\n", "80-bad")
    try:
        with cloud.at_work():
            done = cloud.deployment.kolla("container", "upgrade", NAME, "-f", "json", expect=1)
    finally:
        path.unlink()
    (row,) = done.json()
    assert (row["outcome"], row["before"], row["after"]) == ("failed", number, number)
    assert f"generation {number} serves" in row["reason"]
    failed = cloud.deployment.kolla(
        "container", "show", NAME, "--generation", str(number + 1), "-f", "json"
    ).json()
    for told in (done.stderr, failed["evidence"]):
        assert "nonsense" in told
    assert cloud.running(NAME) == [f"keystone-g{number}"]


def test_image_that_is_not_built_is_named_with_the_way_to_get_it(cloud):
    with untouched(cloud.deployment):
        done = cloud.deployment.kolla(
            "--set", "images.namespace=other", "container", "upgrade", NAME,
            "--release", "2026.2", expect=1,
        )
    assert "the image other/keystone:2026.2 is not built" in done.stderr
    assert "kolla image build keystone --release 2026.2" in done.stderr


# Secrets

@pytest.mark.parametrize("secret", [
    "keystone.database_password",
    pytest.param("identity.admin_password", marks=pytest.mark.exhaustive),
])
def test_rotated_password_is_applied_and_survives_a_rollback(cloud, secret):
    text, old = cloud.passwords.read_text(), cloud.secrets()[secret]
    path = cloud.deployment.configure("[keystone]\nworkers = 1\n", "80-workers")
    act(cloud, "upgrade", NAME)
    path.unlink()
    cloud.passwords.write_text(text.replace(old, f"{old[::-1]}-%/@$'\"x"))
    row = act(cloud, "upgrade", NAME)
    assert f"secret: {secret} changed" in row["reason"]
    assert cloud.use() == ["admin", "glance"]
    assert act(cloud, "rollback", NAME)["outcome"] == "done"
    assert cloud.use() == ["admin", "glance"]
    act(cloud, "upgrade", NAME, "--release", "2026.2")


def test_operator_can_enter_the_container(cloud):
    done = cloud.deployment.kolla("container", "exec", NAME, "--", "keystone-manage", "--version")
    assert done.stdout.strip() == cloud.current(NAME)["version"]
    with pytest.raises(subprocess.TimeoutExpired):
        cloud.deployment.kolla("container", "logs", NAME, "--follow", "--tail", "1", timeout=3)
