"""What becomes of containers when commands succeed, fail half-way, and are taken back."""

import dataclasses
import os
import re
import signal
import socket
import threading

import pytest
from oslo_config import cfg

from kolla import network
from kolla.actions.run import plan, run
from kolla.backends import instances
from kolla.catalog.leftovers import left_over
from kolla.errors import KollaError, UsageError
from kolla.plans import refusals
from kolla.plans.requests import Request
from kolla.plugin import (
    Downgrade, File, Hold, Listen, Privilege, Strategy, Task, Volume, secret,
)
from kolla.plugin.reports import BackendError, Outcome
from kolla.settings import Settings, passwords
from kolla.settings.secrets import masked
from tests.unit.support.host import CONFIGURATION, Host, make_service
from tests.unit.support.plugins import make_catalog, make_settings

SICK = Outcome(1, "not today")


@pytest.fixture
def host(tmp_path):
    """One container that is replaced, with a later image built."""
    host = Host(tmp_path, make_service("web"))
    host.build("1")
    host.act("start")
    host.build("2")
    return host


def outcomes(results) -> dict[str, str]:
    return {name: result.outcome for name, result in results.items()}


@pytest.mark.parametrize("accident", [OSError("no more descriptors"), RuntimeError("who knows")])
def test_an_error_that_nobody_foresaw_has_a_way_back_too(host, accident):
    host.engine.accidents["start", "web-g2"] = accident
    result = host.act("upgrade")["web"]
    assert result.outcome == "failed" and str(accident) in result.reason
    assert "generation 1 serves" in result.reason
    assert host.engine.running() == ["web-g1"]


def test_an_outage_that_has_not_ended_is_counted_as_one(host):
    host.engine.answers = dict.fromkeys(("web-g1", "web-g2"), SICK)
    result = host.act("upgrade")["web"]
    assert "the way back failed too" in result.reason
    assert 1 < result.unavailable <= result.seconds


def test_a_secret_that_a_check_quotes_is_masked_on_record(host, monkeypatch):
    monkeypatch.setattr(host.deployment, "hide", lambda text: text.replace("pass", "***"))
    host.engine.answers["web-g2"] = Outcome(0, "a passage")
    host.act("upgrade")
    assert host.record("web").health_detail == "a ***age"


def test_stopping_on_purpose_is_no_outage(host):
    assert host.act("stop")["web"].unavailable == 0


def test_a_first_start_that_was_not_recorded_says_that_nothing_is_there(tmp_path, monkeypatch):
    host = Host(tmp_path, make_service("web"))
    host.build("1")

    def claim(name, number):
        raise KollaError("the disk is full")

    monkeypatch.setattr(host.deployment.store.numbers, "claim", claim)
    assert "nothing was changed, it does not exist" in host.act("start")["web"].reason


@pytest.fixture
def three(tmp_path):
    """A database that cannot go back, and two services of 2026.1 with 2026.2 built."""
    host = Host(
        tmp_path, make_service("db", downgrade=Downgrade.REFUSED),
        make_service("first", per_release=True, requires=("db",)),
        make_service("second", per_release=True, requires=("first",)),
    )
    host.build("10")
    host.act("start")
    host.build("11")
    host.build("11", "2026.2")
    return host


def test_what_can_go_back_does_and_what_cannot_says_why(three):
    three.engine.answers["second-g2"] = SICK
    results = three.act("upgrade", release="2026.2", rollback_on_failure=True)
    assert outcomes(results) == {"db": "done", "first": "rolled back", "second": "failed"}
    assert "cannot go back from version 11 to 10" in results["db"].reason
    assert "its check did not pass" in results["second"].reason
    assert three.record("db").current == 2
    assert three.deployment.store.generations("first")[-1].snapshot.release == "2026.1"


def test_one_that_failed_after_its_commit_goes_back_with_the_others(three):
    three.engine.accidents["set_restart", "second-g1"] = KollaError("the engine hiccups")
    results = three.act("upgrade", release="2026.2", rollback_on_failure=True)
    assert outcomes(results) == {"db": "done", "first": "rolled back", "second": "failed"}
    assert results["second"].reason.endswith("rolled back")
    releases = {
        name: three.deployment.store.generations(name)[-1].snapshot.release
        for name in ("first", "second")
    }
    assert releases == {"first": "2026.1", "second": "2026.1"}


def test_a_release_named_ends_the_stay_with_an_earlier_image(tmp_path):
    host = Host(tmp_path, make_service("web", per_release=True))
    host.build("1")
    host.act("start")
    host.build("2")
    host.act("upgrade")
    host.act("rollback")
    assert host.record("web").image_pin
    host.build("3")
    host.act("upgrade", release="2026.1")
    assert host.record("web").image_pin is None
    assert host.act("upgrade")["web"].outcome == "unchanged"
    assert host.deployment.store.generations("web")[-1].snapshot.version == "3"


def test_an_image_named_that_runs_already_is_stayed_with(host):
    running = host.deployment.store.generations("web")[-1].snapshot.image_id
    assert host.act("upgrade", image=running)["web"].outcome == "done"
    assert host.act("upgrade")["web"].outcome == "pinned"
    assert host.act("upgrade", image=running)["web"].outcome == "unchanged"
    assert host.record("web").current == 1


MIGRATE = Task("migrate", ("migrate", "--all"))


def declared_anew(host, **changes):
    """The plugin is another one from now on; the image is the same."""
    host.containers = [dataclasses.replace(host.containers[0], **changes)]
    host.deployment.catalog = make_catalog(*host.containers)


def bootstraps(host) -> list[str]:
    """The tasks that an upgrade runs now."""
    before = len(host.engine.tasks)
    assert host.act("upgrade")["web"].outcome == "done"
    return host.engine.tasks[before:]


@pytest.mark.parametrize("before", [(), (Task("migrate", ("migrate",)),)])
def test_a_bootstrap_task_that_is_new_or_does_something_else_runs_in_an_upgrade(tmp_path, before):
    host = Host(tmp_path, make_service("web", bootstrap=before))
    host.build("1")
    host.act("start")
    declared_anew(host, bootstrap=(MIGRATE,))
    assert bootstraps(host) == ["web-g2-migrate"]
    assert host.act("upgrade")["web"].outcome == "unchanged"


@pytest.mark.parametrize("phase", ["verify", "dump", "expand", "contract", "before_rollback"])
def test_a_task_that_is_declared_anew_is_a_reason_for_a_new_generation(host, phase):
    host.act("upgrade")
    declared_anew(host, **{phase: (MIGRATE,)})
    found = plan(host.deployment, host.containers)["web"]
    assert found.reasons == (f"task: {phase} migrate added",)


def test_what_is_too_old_goes_from_the_records_and_its_number_never_comes_back(tmp_path):
    host = Host(tmp_path, make_service("web"))
    for option in ("keep_generations", "keep_history"):
        host.deployment.settings.conf.set_override(option, 2, group="engine")
    for version in range(1, 5):
        host.build(str(version))
        host.act("start" if version == 1 else "upgrade")
    host.engine.answers["web-g5"] = SICK
    host.build("5")
    assert host.act("upgrade")["web"].outcome == "failed"
    for version in (6, 7):
        host.build(str(version))
        assert host.act("upgrade")["web"].outcome == "done"
    assert [one.number for one in host.deployment.store.generations("web")] == [3, 4, 6, 7]
    with pytest.raises(UsageError) as refusal:
        host.act("rollback", targets={"web": 2})
    assert refusal.value.message == "generation 2 of web is not on record any more"
    with pytest.raises(UsageError, match="web has no generation 8"):
        host.act("rollback", targets={"web": 8})
    assert host.act("rollback")["web"].after == 8


def test_order_is_kept_over_a_container_that_was_not_named(tmp_path):
    host = Host(
        tmp_path, make_service("c"), make_service("b", requires=("c",)),
        make_service("a", requires=("b",)),
    )
    host.build("1")
    host.act("start")
    ends = [container for container in host.containers if container.name != "b"]
    for kind, order in (("stop", ["a", "c"]), ("start", ["c", "a"])):
        done = []

        def observe(name, text, last):
            if last:
                done.append(name)

        host.engine.slow = order[0]
        run(host.deployment, Request(kind, ends), observer=observe)
        assert done == order


def test_a_set_that_does_not_exist_yet_is_planned_as_a_whole(tmp_path):
    host = Host(tmp_path, make_service("db"), make_service("web", requires=("db",)))
    host.build("1")
    both = plan(host.deployment, host.containers)
    assert not any(one.blocked for one in both.values())
    assert both["web"].begins_after == ("db",)
    alone = plan(host.deployment, host.containers[1:])["web"]
    assert "web requires db, which is not running" in alone.blocked


def test_what_is_only_shown_reads_no_image(host, monkeypatch):
    def read(*image):
        raise AssertionError("the engine makes a container for it")

    monkeypatch.setattr(host.engine, "read_file", read)
    assert plan(host.deployment, host.containers)["web"].operations
    report = run(host.deployment, Request("upgrade", host.containers), dry_run=True)
    assert report.plans["web"].operations


def test_ctrl_c_while_it_waits_for_another_command_is_an_interruption(host):
    with host.deployment.locks.hold("web", "upgrade", print):
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        result = host.act("restart")["web"]
    assert result.outcome == "interrupted"
    assert result.reason.startswith("interrupted while waiting for ")


def test_a_secret_that_was_taken_out_of_the_configuration_blocks_no_rollback(tmp_path):
    host = Host(tmp_path, make_service("web"))
    host.build("1")
    whole = tmp_path / "kolla.conf"
    text = whole.read_text()

    def configure(added: str) -> None:
        whole.write_text(text + added)
        for derived in ("instances", "fingerprints"):
            vars(host.deployment).pop(derived, None)
        host.deployment.configuration.settings = Settings.load(host.deployment.installed, tmp_path)

    configure("[web/quotas]\nsome_password = hush\n")
    host.act("start")
    assert "web/quotas.some_password" in host.deployment.store.generation("web", 1).spec
    configure("")
    assert host.act("upgrade")["web"].outcome == "done"
    result = host.act("rollback")["web"]
    assert result.outcome == "done" and host.record("web").current == 3
    cause = host.deployment.store.generation("web", 3).cause
    assert "without web/quotas.some_password, a secret that is no longer set" in cause


def guarded(name: str, *options: cfg.Opt, **changes):
    """It logs in with a secret of its own."""
    options = {name: (secret("password", help=""), *options)}
    login = {"PASSWORD": "${%s.password}" % name}
    return make_service(name, options=options, environment=login, **changes)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_secret_without_a_value_is_refused_before_anything_is_touched(tmp_path, dry_run):
    host = Host(tmp_path, guarded("web"))
    host.build("1")
    with pytest.raises(KollaError, match="web: no value is set for the secret web.password\n"
                                         ".*`kolla config passwords` make it up"):
        run(host.deployment, Request("start", host.containers), dry_run=dry_run)
    assert not host.engine.seen and host.deployment.store.generations("web") == []


def without_its_plugin(host: Host) -> list:
    """What is left over after its plugin was uninstalled; the next command finds it so."""
    deployment = host.deployment
    deployment.installed = make_catalog(make_service("other"))
    for derived in ("catalog", "instances", "fingerprints"):
        vars(deployment).pop(derived, None)
    deployment.configuration.settings = Settings.load(deployment.installed, deployment.config_dir)
    return list(left_over(deployment.installed, deployment.store))


@pytest.fixture
def abandoned(tmp_path):
    """A container with something in another service, whose plugin was uninstalled."""
    (tmp_path / "key").write_text("its key")
    host = Host(tmp_path, guarded(
        "web", cfg.StrOpt("key", default=str(tmp_path / "key")),
        files=(File("/etc/key", option="web.key", secret=True),),
        teardown=(Task("away", ("away",)),), strategy=Strategy.RELIEVE, join=(),
    ))
    host.build("1")
    passwords.fill_in(host.deployment.settings)
    host.deployment.configuration.settings = Settings.load(host.deployment.installed, tmp_path)
    assert host.act("start")["web"].outcome == "done"
    host.deployment.settings.sources.files[0].path.write_text(
        CONFIGURATION.format(folder=tmp_path, enabled="")
    )
    host.containers = without_its_plugin(host)
    return host


def test_what_a_plugin_has_left_over_is_deleted_with_its_data_by_its_own_secrets(abandoned):
    text = passwords.path_in(abandoned.deployment.config_dir).read_text()
    password = text.rpartition(" = ")[2].strip()
    assert masked(abandoned.deployment.settings, f"no {password}!") == "no ********!"
    with pytest.raises(KollaError, match="no value is set for the secret file:web.key\n"
                                         ".*is not installed: install it again"):
        abandoned.act("restart")
    assert abandoned.act("delete", data=True)["web"].outcome == "done"
    (task,) = abandoned.engine.instances
    assert task.environment["PASSWORD"] == password
    assert not abandoned.engine.seen


def test_what_a_plugin_has_left_over_is_not_stopped_where_its_secrets_are_gone(abandoned):
    passwords.path_in(abandoned.deployment.config_dir).unlink()
    abandoned.containers = without_its_plugin(abandoned)
    with pytest.raises(KollaError, match="web: no value is set for the secret web.password\n"
                                         ".*is not installed: install it again"):
        abandoned.act("delete", data=True)
    assert abandoned.engine.running() == ["web-g1"]
    assert abandoned.act("delete")["web"].outcome == "done"


def test_a_container_that_is_deleted_with_its_data_leaves_no_volume(tmp_path):
    host = Host(tmp_path, make_service("web", volumes=(Volume("web-data", "/var/lib/web"),)))
    host.build("1")
    host.act("start")
    assert outcomes(host.act("delete", data=True)) == {"web": "done"}
    assert host.engine.erased == ["web-data"]


def front(name: str, port: str, *requires: str):
    return make_service(
        name, requires=requires, hold=Hold(), listens=(Listen("127.0.0.1", port),)
    )


@pytest.fixture
def served(tmp_path):
    """A database and what requires it, with requests that can wait; later images are built."""
    host = Host(
        tmp_path, make_service("db"), front("identity", "18711", "db"),
        front("api", "18712", "identity"), make_service("other"),
    )
    host.build("1")
    host.act("start")
    host.engine.given.clear()
    return host


def told(host, kind: str, ok: bool = True) -> list[str]:
    """What an observer hears of a command for the database alone."""
    said = []
    (database,) = [container for container in host.containers if container.name == "db"]
    report = run(
        host.deployment, Request(kind, [database]), observer=lambda *what: said.append(what[1])
    )
    assert report.ok is ok
    return said


@pytest.mark.parametrize("kind", ["restart", "upgrade", "rollback"])
def test_requests_wait_while_the_database_is_replaced(served, kind):
    if kind == "rollback":
        served.build("2")
        told(served, "upgrade")
    served.build("3")
    served.engine.given.clear()
    told(served, kind)
    assert [command for command in served.engine.given if not command.startswith("db")] == [
        "api-g1 kolla-hold db", "identity-g1 kolla-hold db",
        "identity-g1 kolla-resume db", "api-g1 kolla-resume db",
    ]


def test_requests_that_cannot_wait_are_told_of_and_stop_nothing(served):
    served.engine.answers = {
        "api-g1": Outcome(1, "no router"), "identity-g1": BackendError("it is not running"),
    }
    said = told(served, "restart")
    assert "requests to api-g1: hold failed: no router" in said
    assert "requests to identity-g1: hold failed: it is not running" in said
    assert "db-g1" in served.engine.running()


def test_what_does_not_run_or_was_made_before_it_could_wait_is_left_alone(tmp_path, served):
    store = served.deployment.store
    store.update("api", target="stopped")
    earlier = dataclasses.replace(store.generation("identity", 1).snapshot, hold=None)
    store._write("UPDATE generations SET spec = ? WHERE container = 'identity'", earlier.to_json())
    told(served, "restart")
    assert not any("hold" in command for command in served.engine.given)


def test_after_a_failure_requests_go_on_as_soon_as_the_way_back_is_done(served):
    served.build("2")
    served.engine.answers["db-g2"] = SICK
    (database,) = [container for container in served.containers if container.name == "db"]
    run(served.deployment, Request("upgrade", [database]))
    assert served.engine.given[-3:] == [
        "db-g1 kolla-check", "identity-g1 kolla-resume db", "api-g1 kolla-resume db",
    ]


RESUMED = ["identity-g1 kolla-resume db", "api-g1 kolla-resume db"]


def test_a_start_that_fails_lets_no_request_wait(served):
    served.engine.accidents["start", "db-g1"] = BackendError("no memory")
    said = told(served, "restart", ok=False)
    assert "no request waits any longer: start failed: no memory" in said
    assert served.engine.given[-2:] == RESUMED


def test_an_engine_that_cannot_write_is_noticed_before_anything_is_stopped(served):
    served.engine.accidents["set_restart", "db-g1"] = BackendError("no space left on device")
    said = told(served, "restart", ok=False)
    assert "stop db-g1: restart" not in said and "db-g1" in served.engine.running()
    assert not any("hold" in command for command in served.engine.given)


def test_a_way_back_that_fails_lets_no_request_wait(served):
    served.build("2")
    served.engine.answers = dict.fromkeys(("db-g1", "db-g2"), SICK)
    said = told(served, "upgrade", ok=False)
    assert "no request waits any longer: check failed: its check did not pass within 1 s" in said
    assert served.engine.given[-2:] == RESUMED


def test_what_dies_and_is_started_again_lets_no_request_wait_any_longer(served, monkeypatch):
    execute = served.engine.execute

    def check(name, command, timeout):
        """It dies twice, and then it is well."""
        outcome = execute(name, command, timeout)
        if name == "db-g1" and served.engine.seen[name].restarts < 2:
            served.engine.die(name)
            return SICK
        return outcome

    monkeypatch.setattr(served.engine, "execute", check)
    said = told(served, "restart")
    assert [text for text in said if "db-g1 has ended" in text] == [
        "no request waits any longer: db-g1 has ended, and the engine starts it again"
    ]
    given = served.engine.given
    assert given[given.index(RESUMED[0]):][:3] == [*RESUMED, "db-g1 kolla-check"]


# Who is on its port

@pytest.fixture
def taken():
    """A port that this program has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def on(port: str):
    return make_service("web", listens=(Listen("127.0.0.1", port),))


def named(port: str) -> str:
    return f"web: 127.0.0.1 port {port} is in use by .* [(]{os.getpid()}[)]"


def test_a_container_does_not_start_while_a_stranger_has_its_port(tmp_path, taken):
    host = Host(tmp_path, on(taken))
    host.build("1")
    with pytest.raises(KollaError, match=named(taken)):
        host.act("start")
    assert host.engine.seen == {}


def test_one_that_was_stopped_does_not_start_either(tmp_path, taken):
    host = Host(tmp_path, on(taken))
    host.build("1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "problem", lambda *place: None)
        host.act("start")
        # Of what runs, the port is its own.
        patch.undo()
        host.build("2")
        assert host.act("upgrade")["web"].outcome == "done"
    host.act("stop")
    with pytest.raises(KollaError, match=named(taken)):
        host.act("start")
    assert host.engine.running() == [] and host.record("web").target == "stopped"


def test_a_new_port_that_a_stranger_has_is_refused_before_anything_is_made(tmp_path, taken):
    host = Host(tmp_path, on("18713"))
    host.build("1")
    host.act("start")
    host.containers = [on(taken)]
    host.deployment.installed = make_catalog(*host.containers)
    host.deployment.configuration.settings = make_settings(
        tmp_path, CONFIGURATION.format(folder=tmp_path, enabled="web"), *host.containers)
    host.build("2")
    with pytest.raises(KollaError, match=named(taken)):
        host.act("upgrade")
    assert list(host.engine.seen) == host.engine.running() == ["web-g1"]


def test_a_stranger_who_takes_the_port_at_the_last_moment_is_named(tmp_path, taken):
    web = dataclasses.replace(on(taken), strategy=Strategy.HANDOVER)
    host = Host(tmp_path, web)
    host.build("1")
    host.engine.answers["web-g1"] = Outcome(0, "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refusals, "require_ports", lambda *which: None)
        patch.setattr(host.engine, "execute", lambda name, command, timeout: Outcome(
            int(command[0] == "kolla-join"), f"cannot bind (in use) [127.0.0.1:{taken}]"))
        reason = host.act("start")["web"].reason
    assert re.search(f"public address: {named(taken).removeprefix('web: ')}", reason), reason


# Before the way back

LOWER = {"before_rollback": (Task("lower", ("lower",)),)}


@pytest.fixture
def lowered(tmp_path):
    """A container of 2026.1 with 2026.2 built, whose way back has to be prepared."""
    host = Host(tmp_path, make_service("web", per_release=True, **LOWER))
    host.build("1")
    host.act("start")
    host.build("2", "2026.2")
    return host


def test_a_failed_upgrade_prepares_the_way_back_and_the_old_one_serves(lowered):
    lowered.engine.answers["web-g2"] = SICK
    assert "generation 1 serves" in lowered.act("upgrade", release="2026.2")["web"].reason
    assert lowered.engine.tasks == ["web-g2-lower"]
    assert lowered.engine.running() == ["web-g1"]


def test_a_way_back_that_cannot_be_prepared_keeps_nobody_from_serving_and_is_tried_again(lowered):
    engine = lowered.engine
    engine.answers = {"web-g2": SICK, "web-g2-lower": Outcome(1, "no database")}
    result = lowered.act("upgrade", release="2026.2")["web"]
    assert "the way back failed too: before-rollback failed" in result.reason
    assert engine.running() == ["web-g1"] and not lowered.record("web").settled
    assert lowered.act("recover")["web"].outcome == "failed"
    del engine.answers["web-g2-lower"]
    assert lowered.act("recover")["web"].outcome == "done"
    assert engine.tasks == ["web-g2-lower"] * 3
    assert list(engine.seen) == ["web-g1"] and lowered.record("web").settled


def test_a_way_back_that_cannot_be_prepared_stands_in_the_way_of_no_other_command(lowered):
    lowered.engine.answers = {"web-g2": SICK, "web-g2-lower": Outcome(1, "no database")}
    lowered.act("upgrade", release="2026.2")
    assert lowered.act("upgrade", release="2026.2")["web"].outcome == "done"
    assert list(lowered.engine.seen) == ["web-g1", "web-g3"]


def test_a_rollback_that_cannot_be_prepared_is_refused(lowered):
    lowered.act("upgrade", release="2026.2")
    lowered.engine.answers["web-g2-lower"] = Outcome(1, "no database")
    result = lowered.act("rollback")["web"]
    assert (result.outcome, result.evidence) == ("failed", "no database")
    assert lowered.engine.running() == ["web-g2"]


@pytest.fixture
def earlier_agent(tmp_path):
    """An agent whose way back is prepared in the place of a lead, and 2026.2 built for both."""
    lower = Task("lower", ("lower",), of="lead")
    host = Host(
        tmp_path, make_service("agent", per_release=True, before_rollback=(lower,)),
        make_service("lead", per_release=True),
    )
    host.build("1")
    host.act("start")
    host.build("2", "2026.2")
    return host


@pytest.fixture
def agent(earlier_agent):
    """The same, after both have been upgraded."""
    earlier_agent.act("upgrade", release="2026.2")
    return earlier_agent


def without_lead(host) -> None:
    """The lead is on another host than the agent."""
    ask(host, "delete", "lead")
    hosts = host.deployment.config_dir / "hosts"
    hosts.mkdir(exist_ok=True)
    (hosts / "ctl1.conf").write_text("[host]\nenabled = lead\n")
    (hosts / "ctl2.conf").write_text("[host]\nenabled = agent\n")
    (hosts / "ctl3.conf").write_text("this is broken\n")


def ask(host, kind: str, *names: str, **options):
    containers = [container for container in host.containers if container.name in names]
    return run(host.deployment, Request(kind, containers, **options))


def test_a_task_runs_in_the_place_of_another_container_as_that_is_now(agent):
    assert ask(agent, "rollback", "agent").ok
    (made,) = agent.engine.instances
    assert made.name == "agent-g2-lower"
    assert made.image == agent.deployment.store.generation("lead", 2).snapshot.image_id


def test_a_rollback_that_has_to_be_prepared_elsewhere_names_the_host_and_touches_nothing(agent):
    without_lead(agent)
    with pytest.raises(KollaError) as refusal:
        ask(agent, "rollback", "agent")
    assert "the task lower runs in the place of lead, which is not on this host" in str(
        refusal.value
    )
    assert refusal.value.hint.startswith("it can be done on ctl1; then ")
    assert agent.engine.running() == ["agent-g2"]
    assert ask(agent, "rollback", "agent", prepared=True).ok
    assert agent.engine.tasks == []


def test_a_way_back_that_has_to_be_prepared_elsewhere_ends_with_a_recovery_that_leaves_it_out(
    earlier_agent
):
    host = earlier_agent
    without_lead(host)
    host.engine.answers["agent-g2"] = SICK
    (failed,) = ask(host, "upgrade", "agent", release="2026.2").results
    assert "the way back failed too: before-rollback failed" in failed.reason
    assert failed.reason.endswith(
        "it can be done on ctl1; then `kolla recover --prepared` goes back here"
    )
    assert host.engine.running() == ["agent-g1"]
    assert ask(host, "recover", "agent", prepared=True).ok
    assert list(host.engine.seen) == ["agent-g1"] and host.record("agent").settled
    assert host.engine.tasks == []


def test_a_container_whose_way_back_has_to_be_prepared_elsewhere_keeps_no_other_from_recovery(
    earlier_agent
):
    host = earlier_agent
    ask(host, "upgrade", "lead", release="2026.2")
    without_lead(host)
    host.engine.answers["agent-g2"] = SICK
    ask(host, "upgrade", "agent", release="2026.2")
    host.deployment.store.update("lead", settled=0)
    agent, lead = ask(host, "recover", "agent", "lead").results
    assert (agent.outcome, lead.outcome) == ("failed", "done")
    assert "it can be done on ctl1; then `kolla recover --prepared` goes back here" in agent.reason
    assert host.engine.running() == ["agent-g1"]


def test_the_configuration_is_judged_before_a_first_start_as_well(tmp_path):
    host = Host(tmp_path, make_service("web", verify=(MIGRATE,), bootstrap=(MIGRATE,)))
    host.build("1")
    host.engine.answers["web-g1-migrate"] = Outcome(1, "no such option")
    result = host.act("start")["web"]
    assert result.reason.startswith("verify failed") and result.evidence == "no such option"
    assert host.engine.tasks == ["web-g1-migrate"] and not host.engine.seen


def test_what_a_task_that_succeeds_says_is_shown_and_kept(host, monkeypatch):
    host.engine.answers["web-g2-migrate"] = Outcome(0, "two rows\nwarning: pass is weak\n")
    monkeypatch.setattr(host.deployment, "hide", lambda text: text.replace("pass", "***"))
    declared_anew(host, expand=(MIGRATE,))
    told = []
    run(host.deployment, Request("upgrade", host.containers),
        observer=lambda name, text, done: told.append(text))
    assert "warning: *** is weak" in told
    (event,) = [event for event in host.deployment.store.events(50, "web", operations=True)
                if event.action == "expand"]
    assert event.detail == "migrate: two rows\nwarning: *** is weak"


# What it leaves behind

def sharing(name: str, *names: str, **changes):
    volumes = tuple(Volume(volume, f"/{volume}", shared=True) for volume in names)
    return make_service(name, volumes=volumes, **changes)


def test_a_volume_goes_with_the_last_container_that_has_it(tmp_path):
    host = Host(tmp_path, sharing("one", "both", "mine"), sharing("two", "both"))
    host.build("1.0")
    host.act("start")
    both = host.containers
    host.containers = both[:1]
    host.act("delete", data=True)
    assert host.engine.erased == ["mine"]
    host.containers = both[1:]
    host.act("delete", data=True)
    assert host.engine.erased == ["mine", "both"]


def test_a_volume_goes_with_two_that_are_deleted_at_a_time(tmp_path):
    host = Host(tmp_path, sharing("one", "both"), sharing("two", "both"))
    host.build("1.0")
    host.act("start")
    host.act("delete", data=True)
    assert "both" in host.engine.erased


def test_a_volume_stays_for_a_third_container_that_was_deleted_without_its_data(tmp_path):
    host = Host(tmp_path, *(sharing(name, "shared") for name in ("one", "two", "zero")))
    host.build("1.0")
    host.act("start")
    everyone = host.containers
    host.containers = everyone[:1]
    host.act("delete")
    host.containers = everyone[1:]
    host.act("delete", data=True)
    assert host.engine.erased == []


def test_a_task_that_fails_leaves_the_container_stopped_with_its_data(tmp_path):
    teardown = (Task("database", ("drop",)),)
    host = Host(tmp_path, sharing("web", "data", teardown=teardown))
    host.build("1.0")
    host.act("start")
    host.engine.run = lambda instance, timeout: Outcome(1, "the database is away")
    result = host.act("delete", data=True)["web"]
    assert (result.outcome, result.evidence) == ("failed", "the database is away")
    assert "--skip-tasks" in result.reason
    assert (host.record("web").target, host.engine.erased) == ("stopped", [])
    assert host.act("recover")["web"].outcome == "unchanged"
    assert host.act("delete", data=True, tasks=False)["web"].outcome == "done"
    assert host.engine.erased == ["data"]


def test_a_container_that_a_process_has_left_in_the_last_moment_is_not_removed(
    tmp_path, monkeypatch
):
    powers = (Privilege("pid", ""), Privilege("cgroup", ""))
    web = make_service("web", outlived_by=("qemu",))
    host = Host(tmp_path, dataclasses.replace(web, privileges=(*web.privileges, *powers)))
    host.build("1.0")
    host.act("start")
    monkeypatch.setattr(instances, "survivors", lambda *_: ("qemu (11)",))
    result = host.act("delete")["web"]
    assert result.outcome == "done", result.reason
    assert host.engine.seen["web-g1"].running is False
    assert host.engine.seen["web-g1"].restart == "no"
    monkeypatch.setattr(instances, "survivors", lambda *_: ())
    host.act("recover")
    assert host.engine.seen == {}


CHECKED = Task("check", ("service-status", "upgrade", "check"), warning=1)


def test_an_upgrade_check_that_warns_is_shown_and_the_upgrade_goes_on(tmp_path):
    host = Host(tmp_path, make_service("web", verify=(CHECKED,)))
    host.build("1")
    host.act("start")
    host.build("2")
    host.engine.answers["web-g2-check"] = Outcome(1, "an old cell is left\n")
    result = host.act("upgrade")["web"]
    assert result.outcome == "done" and result.warnings == ("check warns: an old cell is left",)
    noted = [event.detail for event in host.deployment.store.events(100, "web", operations=True)]
    assert "check warns: an old cell is left" in noted
    assert host.engine.running() == ["web-g2"]


@pytest.mark.parametrize("code", [2, 75])
def test_an_upgrade_check_that_fails_stops_the_upgrade_in_its_own_words(tmp_path, code):
    host = Host(tmp_path, make_service("web", verify=(CHECKED,)))
    host.build("1")
    host.act("start")
    host.build("2")
    host.engine.answers["web-g2-check"] = Outcome(code, "no way")
    result = host.act("upgrade")["web"]
    assert result.outcome == "failed" and result.evidence == "no way" and not result.warnings
    assert host.engine.running() == ["web-g1"]


@pytest.fixture
def handy(tmp_path):
    """A container with tasks, which runs."""
    tasks = (Task("purge", ("purge",)), Task("rotate", ("rotate",), warning=3))
    host = Host(tmp_path, make_service("web", on_demand=tasks))
    host.build("1")
    host.act("start")
    return host


@pytest.mark.parametrize("stopped", [False, True])
def test_a_task_is_run_on_demand_whether_its_container_runs_or_not(handy, stopped):
    if stopped:
        handy.act("stop")
    handy.engine.answers["web-g1-purge"] = Outcome(0, "12 rows\n")
    result = handy.act("task", task="purge")["web"]
    assert result.outcome == "done" and result.reason == "purge: 12 rows"
    assert handy.engine.tasks == ["web-g1-purge"]
    assert handy.engine.running() == ([] if stopped else ["web-g1"])
    assert handy.record("web").settled


def test_a_task_that_fails_changes_nothing_and_says_what_it_said(handy):
    handy.engine.answers["web-g1-rotate"] = Outcome(1, "no keys")
    result = handy.act("task", task="rotate")["web"]
    assert result.outcome == "failed" and result.evidence == "no keys"
    assert result.reason.endswith("ended with exit code 1; web is as it was")
    assert handy.engine.running() == ["web-g1"] and handy.record("web").settled


def test_the_last_run_of_each_task_is_on_record(handy):
    handy.engine.answers["web-g1-rotate"] = Outcome(1, "no keys")
    for task in ("purge", "rotate", "purge"):
        handy.act("task", task=task)
    last = handy.deployment.store.last_runs("web", "on-demand")
    assert {name: event.outcome for name, event in last.items()} == {
        "purge": "done", "rotate": "failed"}


@pytest.mark.parametrize("task, message", [
    ("purg", "web has no task 'purg'; did you mean 'purge'?"), ("verify", "web has no task"),
])
def test_a_task_that_there_is_not_is_refused(handy, task, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        handy.act("task", task=task)
    assert handy.engine.tasks == []


def test_a_task_of_what_does_not_exist_is_refused(tmp_path):
    host = Host(tmp_path, make_service("web", on_demand=(Task("purge", ("purge",)),)))
    with pytest.raises(KollaError, match="web does not exist"):
        host.act("task", task="purge")


WAITS = Outcome(1, "2 of 3 nodes are up\nlast line")


@pytest.fixture
def quorate(tmp_path):
    """A database that may not stop, and a service beside it; a later image is built."""
    host = Host(
        tmp_path, make_service("db", may_stop=("kolla-may-stop",)), make_service("web")
    )
    host.build("1")
    host.act("start")
    host.build("2")
    host.engine.answers["db-g1"] = WAITS
    return host


@pytest.mark.parametrize("kind", ["stop", "restart", "upgrade", "delete"])
@pytest.mark.parametrize("preview", [False, True])
def test_what_may_not_stop_is_left_alone_with_all_that_was_named_beside_it(
    quorate, kind, preview
):
    with pytest.raises(KollaError) as refusal:
        run(quorate.deployment, Request(kind, quorate.containers), dry_run=preview)
    assert refusal.value.message == (
        f"db forbids its {kind}: 2 of 3 nodes are up; last line")
    assert refusal.value.hint == "--force does it all the same"
    assert quorate.engine.given[-1] == f"db-g1 kolla-may-stop {kind}"
    assert sorted(quorate.engine.running()) == ["db-g1", "web-g1"]


def test_who_insists_is_obeyed_and_nobody_is_asked(quorate):
    assert quorate.act("stop", force=True)["db"].outcome == "done"
    assert not any("may-stop" in given for given in quorate.engine.given)


def test_what_may_stop_stops(quorate):
    quorate.engine.answers.pop("db-g1")
    assert quorate.act("stop")["db"].outcome == "done"
    assert "db-g1 kolla-may-stop stop" in quorate.engine.given


def test_what_does_not_run_and_what_nothing_is_done_to_is_not_asked(quorate):
    quorate.act("stop", force=True)
    quorate.act("stop")
    quorate.act("delete")
    assert not any("may-stop" in given for given in quorate.engine.given)


def test_what_cannot_be_asked_is_left_alone(quorate):
    quorate.engine.answers["db-g1"] = BackendError("the engine cannot run kolla-may-stop")
    with pytest.raises(KollaError, match="db forbids its stop: it cannot be asked: the engine"):
        quorate.act("stop")


def test_the_monitor_asks_nobody(quorate):
    quorate.engine.answers["db-g1"] = WAITS
    request = Request("rollback", quorate.containers[:1], targets={"db": 1}, cause="it is ill")
    run(quorate.deployment, request)
    assert not any("may-stop" in given for given in quorate.engine.given)


def test_an_answer_keeps_its_secrets(quorate, monkeypatch):
    monkeypatch.setattr(quorate.deployment, "hide", lambda text: text.replace("nodes", "***"))
    with pytest.raises(KollaError, match=r"2 of 3 \*\*\* are up"):
        quorate.act("stop")


def relieved(folder, **changes) -> Host:
    """A worker that relieves the one before it, with a later image built."""
    host = Host(folder, make_service("web", strategy=Strategy.RELIEVE, **changes))
    host.build("1")
    host.act("start")
    host.build("2")
    return host


def has_joined(host, number: int) -> bool:
    return (host.deployment.instances.home("web", number) / "own" / "joined").exists()


@pytest.mark.parametrize("join, told", [((), 0), (("kolla-join",), 1), (("its-own", "word"), 1)])
def test_a_worker_hears_that_its_turn_has_come_by_a_file_and_by_its_command(
    tmp_path, join, told
):
    host = relieved(tmp_path, join=join)
    assert has_joined(host, 1)
    result = host.act("upgrade")["web"]
    assert result.outcome == "done" and result.unavailable > 0 and has_joined(host, 2)
    words = " ".join(["web-g2", *join])
    assert host.engine.given.count(words) == told
    assert host.engine.running() == ["web-g2"]


def test_a_worker_that_does_not_load_is_taken_away_while_the_old_one_works(tmp_path):
    host = relieved(tmp_path)
    host.engine.answers["web-g2"] = SICK
    result = host.act("upgrade")["web"]
    assert result.outcome == "failed" and result.unavailable == 0
    assert host.engine.running() == ["web-g1"] and not has_joined(host, 2)
    assert "web-g2 kolla-join" not in host.engine.given


def test_a_worker_that_cannot_take_over_makes_way_for_the_old_one(tmp_path):
    host = relieved(tmp_path)
    answers = iter([Outcome(0, ""), Outcome(1, "the queue is taken")])
    ask = host.engine.execute
    host.engine.execute = lambda name, command, timeout: (
        next(answers) if name == "web-g2" else ask(name, command, timeout)
    )
    result = host.act("upgrade")["web"]
    assert result.reason.startswith("join failed: it cannot take over")
    assert "the queue is taken" in result.evidence and result.unavailable > 0
    assert host.engine.running() == ["web-g1"]


def test_a_worker_whose_command_was_killed_while_it_drained_is_started_again(tmp_path):
    host = relieved(tmp_path, drain=("kolla-drain",))
    store = host.deployment.store
    upgrade = store.open_event("upgrade", "web", 2)
    store.open_event("drain", "web", 1, parent=upgrade)
    started = host.engine.seen["web-g1"].started_at
    assert host.act("recover")["web"].outcome == "done"
    assert host.engine.running() == ["web-g1"]
    assert host.engine.seen["web-g1"].started_at > started
    assert host.act("recover")["web"].outcome == "unchanged"
