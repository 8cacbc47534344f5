"""Keys that are changed one by one: what they have signed stays valid."""

from datetime import datetime, timedelta

import pytest
from oslo_config import cfg

from kolla.errors import KollaError
from kolla.plans import keyrings
from kolla.plans.rotation import due, next_step, turned
from kolla.plugin import Keyring, Task, numbered, secret
from kolla.plugin.backend import Outcome
from kolla.plugin.forms import new_fernet_key
from kolla.settings import passwords
from kolla.settings.secrets import masked
from tests.unit.support.host import Host, make_service
from tests.unit.support.plugins import make_settings

NAME = ("web", "keys")
OPTIONS = {"web": (secret("keys", help="", form="keys"), cfg.IntOpt("kept", default=0))}
RING = Keyring("/etc/keys", "web.keys", kept="${web.kept}", formerly="/var/lib/web/keys")


def service(*rings: Keyring, **changes):
    return make_service("web", keyrings=rings, options=OPTIONS,
                        contract=(Task("again", ("encrypt",)),), **changes)


def host_of(folder, container, text: str = "", engine=None) -> Host:
    host = Host(folder, container)
    host.engine = host.deployment._backends["docker"] = engine or host.engine
    load(host, text)
    host.build("1.0")
    return host


def load(host: Host, text: str = "") -> None:
    """As the next command does."""
    deployment = host.deployment
    folder = deployment.config_dir
    common = (folder / "kolla.conf").read_text().partition("[web]")[0]
    deployment.configuration.settings = make_settings(
        folder, common + "[web]\n" + text, *host.containers
    )
    for cached in ("fingerprints", "instances"):
        vars(deployment).pop(cached, None)


def keys_of(host: Host) -> dict[int, str]:
    return numbered.parsed(host.deployment.settings.value(*NAME))


def put(host: Host, keys: dict[int, str], text: str = "") -> None:
    passwords.fill_in(host.deployment.settings)
    passwords.replace(host.deployment.settings, {NAME: numbered.joined(keys)})
    load(host, text)


def rotate(host: Host) -> str:
    """One step, as the command takes it."""
    (turn,) = due(host.deployment, host.containers[0])
    put(host, turn.keys)
    return turn.step


def act(host: Host, kind: str, **options):
    load(host)
    return host.act(kind, **options)["web"]


@pytest.fixture
def rotating(tmp_path) -> Host:
    """It runs with the key that was made up for it."""
    host = host_of(tmp_path, service(RING))
    passwords.fill_in(host.deployment.settings)
    assert act(host, "start").outcome == "done"
    return host


def in_container(host: Host, number: int) -> dict[int, str]:
    """The files of a generation."""
    files = host.deployment.instances.home("web", number) / "files"
    (folder,) = (files / "etc" / "keys").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    return {int(path.name): path.read_text() for path in folder.iterdir()}


# The steps

def test_a_key_is_staged_then_signs_then_those_before_it_go():
    first = {1: "old"}
    staged = turned(first)
    assert [next_step(keys) for keys in (first, staged)] == ["stage", "sign"]
    assert [*staged] == [0, 1] and staged[1] == "old"
    signs = turned(staged)
    assert signs == {1: "old", 2: staged[0]} and next_step(signs) == "drop"
    assert turned(signs) == {2: staged[0]} and next_step(turned(signs)) == "stage"


def test_the_key_that_signs_is_known_before_and_after_every_step():
    keys = {0: "a", 3: "b", 4: "c"}
    for _ in range(7):
        following = turned(keys)
        assert numbered.signing(following) in keys.values()
        if next_step(keys) != "drop":
            assert numbered.signing(keys) in following.values()
        keys = following


@pytest.mark.parametrize("text", ["", "KEY", "0:KEY", "1:", "1:A,1:B", "x:KEY", "²:A"])
def test_what_is_no_list_of_numbered_keys_is_refused(text):
    with pytest.raises(ValueError):
        numbered.parsed(text)


def test_keys_are_read_in_the_order_of_their_numbers():
    assert list(numbered.parsed("10:c, 2:b,0:a").items()) == [(0, "a"), (2, "b"), (10, "c")]


# In the container

def test_a_container_finds_each_key_in_a_file_of_its_own(rotating):
    assert in_container(rotating, 1) == keys_of(rotating)
    (file,) = rotating.deployment.store.find("web", 1).snapshot.files
    assert (file.path, file.content, file.numbered) == ("/etc/keys", "${web.keys}", True)


def test_a_generation_that_is_made_again_has_no_key_that_is_gone(rotating):
    spec = rotating.deployment.store.find("web", 1).snapshot
    put(rotating, {2: new_fernet_key()})
    rotating.deployment.instances.make(spec, 1)
    assert in_container(rotating, 1) == keys_of(rotating)


def test_no_key_is_in_the_state_directory_but_in_its_file(rotating):
    (key,) = keys_of(rotating).values()
    found = [path for path in rotating.deployment.state_dir.rglob("*")
             if path.is_file() and key.encode() in path.read_bytes()]
    assert [path.parent.parent.name for path in found] == ["keys"]


def test_each_key_is_masked_by_itself(rotating):
    (key,) = keys_of(rotating).values()
    assert masked(rotating.deployment.settings, f"bad key {key}!") == "bad key ********!"


# Rotation

def test_a_rotation_is_three_upgrades_and_leaves_no_key_of_before(rotating):
    before = keys_of(rotating)
    for number, step in enumerate(("stage", "sign", "drop"), 2):
        assert rotate(rotating) == step
        result = act(rotating, "upgrade")
        assert (result.outcome, result.after) == ("done", number)
        cause = rotating.deployment.store.find("web", number).cause
        assert cause == "upgrade; secret: web.keys changed"
        assert in_container(rotating, number) == keys_of(rotating)
        act(rotating, "confirm")
    assert not {*before.values()} & {*keys_of(rotating).values()}


def test_a_step_waits_until_the_last_one_has_come_to_this_host(rotating):
    rotate(rotating)
    with pytest.raises(KollaError, match=r"does not have today's \[web\] keys yet") as refused:
        rotate(rotating)
    assert "`kolla container upgrade web` on every host" in refused.value.hint


def signing_anew(host: Host) -> None:
    for _ in range(2):
        rotate(host)
        act(host, "upgrade")


def test_keys_are_dropped_once_a_generation_is_confirmed(rotating):
    signing_anew(rotating)
    with pytest.raises(KollaError, match="generation 3 is not confirmed") as refused:
        rotate(rotating)
    assert "`kolla container confirm web` on every host" in refused.value.hint
    act(rotating, "confirm")
    assert rotating.engine.tasks[-1] == "web-g3-again"
    assert rotate(rotating) == "drop"


def test_keys_are_dropped_once_what_they_have_signed_has_expired(rotating):
    signing_anew(rotating)
    act(rotating, "confirm")
    load(rotating, "kept = 3600\n")
    since = rotating.deployment.store.find("web", 3).committed
    with pytest.raises(KollaError, match="is valid until") as refused:
        rotate(rotating)
    free = datetime.fromisoformat(since) + timedelta(seconds=3600)
    assert free.isoformat(timespec="seconds") in refused.value.message
    # A later generation with the same keys does not begin anew.
    act(rotating, "restart")
    rotating.deployment.store.update("web", settled=1)
    load(rotating)
    assert rotate(rotating) == "drop"


def test_keys_that_another_file_sets_are_not_changed(rotating):
    text = f"keys = {numbered.joined(keys_of(rotating))}\n"
    passwords.path_in(rotating.deployment.config_dir).unlink()
    load(rotating, text)
    with pytest.raises(KollaError, match=r"kolla.conf:\d+: \[web\] keys is set there"):
        rotate(rotating)


def test_only_where_the_container_runs_can_it_be_told(tmp_path):
    host = host_of(tmp_path, service(RING))
    passwords.fill_in(host.deployment.settings)
    load(host)
    with pytest.raises(KollaError, match="web does not run on this host"):
        rotate(host)


# What would become invalid

def test_other_keys_than_those_in_use_are_refused_before_anything_is_touched(rotating):
    put(rotating, {1: new_fernet_key()})
    with pytest.raises(KollaError, match="lacks keys with which web signs") as refused:
        act(rotating, "upgrade")
    assert "`kolla config rotate web`" in refused.value.hint
    assert rotating.engine.running() == ["web-g1"]


def test_a_rollback_gets_the_keys_of_today(rotating):
    rotate(rotating)
    act(rotating, "upgrade")
    rotating.build("2.0")
    act(rotating, "upgrade")
    assert act(rotating, "rollback").after == 4
    assert in_container(rotating, 4) == keys_of(rotating) and len(keys_of(rotating)) == 2


# Keys of an earlier kolla

THEIRS = {0: new_fernet_key(), 1: new_fernet_key(), 2: new_fernet_key()}


@pytest.fixture
def earlier(tmp_path) -> Host:
    """It has made its keys by itself, in a volume; kolla has been upgraded since."""
    before = host_of(tmp_path, service())
    passwords.fill_in(before.deployment.settings)
    passwords.path_in(tmp_path).unlink(missing_ok=True)
    load(before, f"keys = 1:{new_fernet_key()}\n")
    before.act("start")
    before.deployment.close()
    host = host_of(tmp_path, service(RING), engine=before.engine)
    lay(host, THEIRS)
    return host


def lay(host: Host, keys: dict[int, str], number: int = 1) -> None:
    text = "".join(f"/var/lib/web/keys/{name}:{key}\n" for name, key in keys.items())
    host.engine.answers[f"web-g{number}"] = Outcome(0, text)


def test_keys_in_a_volume_are_taken_over_as_they_are(earlier):
    (found,) = keyrings.to_take_over(earlier.deployment)
    assert found == (RING, THEIRS)
    assert earlier.engine.given[-1] == "web-g1 grep -rs  /var/lib/web/keys"
    put(earlier, THEIRS)
    assert act(earlier, "upgrade").outcome == "done"
    assert in_container(earlier, 2) == THEIRS
    assert list(keyrings.to_take_over(earlier.deployment)) == []


def test_keys_in_a_volume_that_the_configuration_lacks_verify_from_then_on(earlier):
    """Those of another host are configured."""
    put(earlier, {0: "S" * 43 + "=", 1: "P" * 43 + "="})
    ((_, merged),) = keyrings.to_take_over(earlier.deployment)
    assert sorted(merged) == [0, 1, 2, 3]
    assert numbered.signing(merged) == "P" * 43 + "=" and merged[0] == "S" * 43 + "="
    assert {THEIRS[1], THEIRS[2]} <= {*merged.values()}


def test_an_upgrade_without_the_keys_in_the_volume_is_refused(earlier):
    put(earlier, {1: new_fernet_key()})
    with pytest.raises(KollaError, match="lacks keys with which web signs") as refused:
        act(earlier, "upgrade")
    assert "`kolla config passwords` takes over" in refused.value.hint
    assert earlier.engine.running() == ["web-g1"]


@pytest.mark.parametrize("answer", [Outcome(1, ""), Outcome(2, "grep: no such folder")])
def test_keys_that_cannot_be_read_stop_everything(earlier, answer):
    earlier.engine.answers["web-g1"] = answer
    with pytest.raises(KollaError, match="cannot be read, and without them") as refused:
        list(keyrings.to_take_over(earlier.deployment))
    assert "`kolla container start web`" in refused.value.hint


def test_who_was_deleted_is_not_told_to_start(earlier):
    earlier.deployment.store.update("web", target="absent")
    earlier.engine.answers["web-g1"] = Outcome(1, "")
    with pytest.raises(KollaError) as refused:
        list(keyrings.to_take_over(earlier.deployment))
    assert "delete web --data" in refused.value.hint and "start" not in refused.value.hint


def test_a_way_back_to_keys_in_a_volume_is_refused_once_they_are_out_of_date(earlier):
    put(earlier, THEIRS)
    act(earlier, "upgrade")
    lay(earlier, THEIRS, number=2)
    signs = turned(THEIRS)
    put(earlier, signs)
    assert act(earlier, "upgrade").outcome == "done"
    lay(earlier, {1: new_fernet_key()}, number=3)
    with pytest.raises(KollaError, match="do not know the key that signs now") as refused:
        act(earlier, "rollback", targets={"web": 1})
    assert "`kolla container history web`" in refused.value.hint
