"""What keeps a container at a release or an image, how that is told, and how it ends."""

import pytest

from kolla.errors import KollaError
from tests.unit.support.host import Host, make_service


@pytest.fixture
def host(tmp_path):
    """A service of 2026.1, with 2026.2 built as well."""
    host = Host(tmp_path, make_service("web", per_release=True))
    host.build("1")
    host.build("2", "2026.2")
    host.act("start")
    return host


def configure(host: Host, release: str) -> None:
    host.deployment.settings.conf.set_override("release", release)


def running(host: Host, name: str = "web") -> tuple[str, str]:
    spec = host.deployment.store.generations(name)[-1].snapshot
    return spec.release, spec.version


def test_what_a_rollback_holds_back_is_told_with_the_command_and_can_follow_again(host):
    host.act("upgrade", release="2026.2")
    host.act("rollback")
    configure(host, "2026.2")
    result = host.act("upgrade")["web"]
    assert result.outcome == "pinned" and running(host) == ("2026.1", "1")
    assert result.reason.startswith("pinned to 2026.1 since 20")
    assert "(rollback to generation 1, by " in result.reason
    assert "[DEFAULT] release is 2026.2; `kolla container upgrade web --follow-config`" in (
        result.reason)
    assert host.act("upgrade", follow=True)["web"].outcome == "done"
    assert running(host) == ("2026.2", "2")
    record = host.record("web")
    assert (record.pin, record.pinned_at, record.pinned_by) == (None, None, "")
    assert host.act("upgrade")["web"].outcome == "unchanged"


@pytest.mark.parametrize("pin", [{"release": "2026.1"}, {"image": "kolla/web:2026.1"}])
def test_one_that_the_configured_release_no_longer_has_is_not_told_to_follow(tmp_path, pin):
    host = Host(tmp_path, make_service("web", per_release=True, releases=("2026.1",)))
    host.build("1")
    host.act("start")
    host.act("upgrade", **pin)
    configure(host, "2026.2")
    reason = host.act("upgrade")["web"].reason
    assert "[DEFAULT] release is 2026.2, which web is no part of; on a host that goes on" in reason
    assert "delete it and name it in [host] disabled" in reason and "--follow-config" not in reason


def test_a_rollback_to_a_release_follows_the_later_images_of_that(host):
    host.act("upgrade", release="2026.2")
    host.act("rollback")
    host.build("1.1")
    assert host.act("upgrade")["web"].outcome == "done"
    assert running(host) == ("2026.1", "1.1")


def test_a_rollback_within_a_release_stays_away_from_the_bad_image_and_says_so(host):
    host.build("1.1")
    host.act("upgrade")
    host.act("rollback")
    result = host.act("upgrade")["web"]
    assert result.outcome == "pinned" and "pinned to the image" in result.reason
    assert "kolla/web:2026.1 is" in result.reason
    host.build("1.2")
    assert host.act("upgrade", follow=True)["web"].outcome == "done"
    assert running(host) == ("2026.1", "1.2")


def test_an_image_that_was_named_is_told_by_its_whole_name(host):
    host.build("1.1")
    host.engine.built["kolla/web:testing"] = host.engine.built["kolla/web:2026.1"]
    host.act("upgrade", image="kolla/web:testing")
    host.build("1.2")
    reason = host.act("upgrade")["web"].reason
    assert "pinned to the image kolla/web:testing since 20" in reason


def test_an_image_of_a_later_release_than_the_configured_one_is_not_told_to_follow(host):
    host.act("upgrade", image="kolla/web:2026.2")
    reason = host.act("upgrade")["web"].reason
    assert reason.startswith("pinned to the image") and "--follow-config" not in reason
    assert "while [DEFAULT] release is 2026.1; raise that, or `kolla container rollback" in reason


def test_a_pinned_image_is_told_though_that_of_an_earlier_configured_release_is_not_built(host):
    host.act("upgrade", image="kolla/web:2026.2")
    del host.engine.built["kolla/web:2026.1"]
    assert "while [DEFAULT] release is 2026.1" in host.act("upgrade")["web"].reason


def test_a_rollback_of_options_alone_pins_nothing(host):
    before = host.containers[0].environment
    object.__setattr__(host.containers[0], "environment", {**before, "NEW": "1"})
    host.act("upgrade")
    object.__setattr__(host.containers[0], "environment", before)
    assert host.act("rollback")["web"].outcome == "done"
    assert host.record("web").pin is None


def test_an_end_of_a_pin_that_changes_nothing_else_is_on_record(host):
    host.act("upgrade", release="2026.1")
    assert host.record("web").pinned_by.startswith("upgrade --release 2026.1, by ")
    assert host.act("upgrade", follow=True)["web"].outcome == "done"
    assert host.record("web").pin is None


def test_one_that_was_deleted_is_pinned_to_the_release_it_is_made_again_with(host):
    host.act("upgrade", release="2026.2")
    host.act("delete")
    host.act("upgrade", release="2026.2")
    assert host.record("web").release_pin == "2026.2"
    result = host.act("upgrade")["web"]
    assert result.outcome == "pinned" and "pinned to 2026.2" in result.reason
    assert "raise that, or `kolla container rollback web`" in result.reason


def refusal(host: Host, kind: str, **options) -> tuple[str, str]:
    with pytest.raises(KollaError) as refused:
        host.act(kind, **options)
    return refused.value.message, refused.value.hint


def test_after_a_deletion_each_refusal_names_the_way_out(host):
    host.act("upgrade", release="2026.2")
    host.act("delete")
    way = "`kolla container upgrade web --release 2026.2` makes it again as it was"
    message, hint = refusal(host, "start")
    assert "2026.1 is older than 2026.2" in message and hint.startswith(way)
    assert "`kolla container delete web --data`" in hint
    assert way in refusal(host, "rollback")[1]
    assert host.act("upgrade", release="2026.2")["web"].outcome == "done"


def test_without_its_data_it_may_start_with_any_release(host):
    host.act("upgrade", release="2026.2")
    host.act("delete", data=True)
    assert host.act("start")["web"].outcome == "done"
    assert running(host) == ("2026.1", "1") and host.record("web").current == 3
    outcomes = [g.outcome for g in host.deployment.store.generations("web")]
    assert outcomes == ["kept", "deleted", "current"]


def test_all_that_are_refused_are_named_with_a_way_out_before_anything_is_touched(tmp_path):
    host = Host(tmp_path, *(make_service(name, per_release=True) for name in ("a", "b", "c")))
    host.build("1")
    host.act("start")
    host.build("2", "2026.2")
    configure(host, "2026.2")
    host.act("upgrade")
    configure(host, "2026.1")
    message, hint = refusal(host, "upgrade")
    assert [line.split(":")[0] for line in message.splitlines()] == ["a", "b", "c"]
    assert "`kolla container upgrade b --release 2026.2` lets it stay there" in hint
    for name in ("a", "b", "c"):
        host.act("upgrade", release="2026.2")
    assert {result.outcome for result in host.act("upgrade").values()} == {"pinned"}


def test_a_release_says_nothing_to_what_has_one_image_for_all_and_ends_no_pin_of_it(tmp_path):
    host = Host(tmp_path, make_service("db"), make_service("web", per_release=True))
    host.build("1")
    host.act("start")
    identity = host.deployment.store.generations("db")[-1].snapshot.image_id
    host.containers, both = host.containers[:1], host.containers
    host.act("upgrade", image=identity)
    host.containers = both
    host.build("2")
    host.build("2", "2026.2")
    results = host.act("upgrade", release="2026.2")
    assert {name: each.outcome for name, each in results.items()} == {
        "db": "pinned", "web": "done"}
    assert running(host, "db")[1] == "1"
