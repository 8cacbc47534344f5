"""Sets, containers, plans and events as the command line shows them."""

import contextlib

import pytest

from kolla.cli import history as container_history
from kolla.cli import set as container_set
from kolla.cli import action, checks, container, containers, event, plan, plans
from kolla.actions.run import Report
from kolla.logs.archive import Archive
from kolla.plans.plan import Do, Kind, Operation, Plan
from kolla.plugin import Privilege, Task
from kolla.store.records import FOR_EVER
from kolla.store.state_dir import StateDir
from tests.unit.support.factory import make_spec


@pytest.fixture
def history(kolla):
    """Of probe: two generations that were committed and one that was refused."""
    store = kolla.store
    for number, release in enumerate(("2025.2", "2026.1"), 1):
        spec = make_spec(
            container="probe", release=release, version=f"{number}.0",
            environment={"PASSWORD": "${database.password}"},
            privileges=(Privilege("pid", "sees all"),),
        )
        store.begin("probe", spec, {}, "start" if number == 1 else "upgrade")
        store.commit("probe", number)
    store.begin("probe", make_spec(container="probe", version="3.0"), {}, "upgrade")
    store.end("probe", 3, "refused", "check failed: it says no", "check: no\nlog: no port")
    seen = {"health": "healthy", "health_at": "2026-01-01T00:00:00+00:00"}
    store.update("probe", release_pin="2026.1", **seen)
    action_id = store.open_event("upgrade", "probe", 3, "environment: A added")
    store.open_event("create", "probe", 3, parent=action_id)
    store.close_event(action_id, "failed", 1.5, "check failed")
    store.close()
    return kolla


def test_json_keys_stay_as_they_are():
    assert container_set.List.columns == (
        "name", "set", "containers", "health", "checked", "summary", "pinned")
    assert container_set.Tree.columns == (
        "name", "kind", "set", "depth", "path", "generation", "health", "checked",
        "super_privileged")
    assert container_set.Show.columns == (
        "name", "summary", "path", "distribution", "sets", "containers", "health", "checked")
    assert containers.List.columns == (
        "name", "set", "generation", "release", "version", "pin", "health", "checked",
        "super_privileged", "pinned_since", "pinned_by")
    assert container.Show.columns == (
        "name", "set", "summary", "distribution", "health", "detail", "checked", "pin",
        "generation", "state", "cause", "created", "reason", "incidents", "evidence",
        "release", "version", "image", "image_id", "user", "strategy", "project", "requires",
        "listens", "command", "environment", "files", "volumes", "scratch", "mounts",
        "privileges", "super_privileged", "outlived_by", "in_use", "limits", "check",
        "stop_grace", "logging", "log", "pinned_since", "pinned_by")
    assert container_history.History.columns == (
        "generation", "state", "release", "version", "image", "created", "cause", "reason",
        "restarts", "rollback", "log")
    assert container_history.History.incidents == (
        "at", "who", "action", "generation", "outcome", "detail", "evidence")
    assert action.Action.columns == (
        "container", "outcome", "before", "after", "seconds", "unavailable", "reason")
    assert checks.Check.columns == ("container", "health", "generation", "detail", "checked")
    assert event.List.columns == (
        "at", "who", "action", "container", "generation", "outcome", "seconds", "detail")
    assert plan.Plan.columns == plans.COLUMNS == (
        "container", "action", "before", "after", "pin", "blocked", "begins_after",
        "reasons", "operations", "changes")


def test_tree_is_drawn_for_people(kolla):
    assert kolla("set", "tree").out == (
        "all\n"
        "└── caches  (What can be lost)\n"
        "    ├── near-caches  (Caches on this host)\n"
        "    │   └── probe  absent\n"
        "    └── guard  absent, super-privileged\n"
    )


def test_tree_is_a_list_with_paths_for_programs(kolla):
    rows = kolla("set", "tree", "-f", "json").json
    assert [(row["path"], row["kind"], row["depth"], row["set"]) for row in rows] == [
        ("caches", "set", 0, None),
        ("caches/near-caches", "set", 1, "caches"),
        ("caches/near-caches/probe", "container", 2, "near-caches"),
        ("caches/guard", "container", 1, "caches"),
    ]


def test_tree_leaves_out_what_does_not_run_here_unless_asked(kolla):
    assert "database-control" not in kolla("set", "tree").out
    assert "database-control" in kolla("set", "tree", "--all").out


@pytest.mark.parametrize("command, row, since", [
    ("container show sonde", ("name", "probe"), "today"),
    ("container history sonde", ("generation", 1), "today"),
    ("set show magazines", ("name", "caches"), "since 2026.1"),
    ("event list --container sonde", ("container", "probe"), "today"),
])
def test_what_had_another_name_once_is_found_by_it_and_says_so(history, command, row, since):
    answer = history(*command.split(), "-f", "json")
    found = answer.json if isinstance(answer.json, dict) else answer.json[0]
    assert answer.code == 0 and found[row[0]] == row[1]
    assert " is called " in answer.err and answer.err.count(since) == 1


def test_set_of_which_a_part_is_missing_is_degraded(history):
    health = {row["name"]: row["health"] for row in history("set", "list", "-f", "json").json}
    assert health == {"caches": "degraded", "near-caches": "healthy"}


def test_age_of_health_is_for_people_and_its_time_for_programs(history):
    assert " ago" in history("container", "list").out
    checked = history("container", "list", "-f", "json").json[0]["checked"]
    assert checked.startswith("20") and "T" in checked and checked.endswith("+00:00")


def test_nothing_is_an_empty_text_in_csv_and_lists_are_json(history):
    csv = history("container", "list", "-f", "csv", "-c", "name", "-c", "generation").out
    assert csv.splitlines() == ['"name","generation"', '"probe",2', '"guard",""']
    assert history("set", "show", "caches", "-f", "value", "-c", "sets").out == '["near-caches"]\n'


def test_rows_are_sorted_with_nothing_last(history):
    answer = history("container", "list", "--sort-column", "generation", "-f", "json")
    assert [row["generation"] for row in answer.json] == [2, None]
    assert answer.err == ""


def test_set_show_tells_what_it_holds_and_where_it_came_from(history):
    shown = history("set", "show", "caches", "-f", "json").json
    assert shown["sets"] == ["near-caches"]
    assert shown["containers"] == {"probe": "healthy", "guard": "absent"}
    assert shown["distribution"] == "probe"


def test_whole_tree_is_a_set(kolla):
    assert "caches" in kolla("set", "show", "all", "-f", "json").json["sets"]


def test_container_list_shows_generation_release_and_pin(history):
    probe, guard = history("container", "list", "-f", "json").json
    assert (probe["generation"], probe["release"], probe["pin"]) == (2, "2026.1", "2026.1")
    assert (guard["generation"], guard["health"]) == (None, "absent")


def test_containers_of_one_set_can_be_listed(history):
    def names(*arguments):
        return [row["name"] for row in history("container", "list", *arguments, "-f", "json").json]

    assert names("near-caches") == ["probe"]
    assert names("near-caches", "caches") == ["probe", "guard"]
    assert names("rarities") == []
    assert "'probe' is a container, not a set" in history("container", "list", "probe").err
    assert "did you mean 'near-caches'" in history("container", "list", "near-cache").err


def test_what_drifts_is_listed_with_the_reason(history, monkeypatch):
    drift = {
        "probe": Plan("probe", Kind.UPGRADE, (Operation(Do.CREATE, "probe", 4),),
                      ("environment: A added", "environment: B added")),
        "guard": Plan("guard", Kind.UPGRADE),
    }
    monkeypatch.setattr("kolla.actions.run.plan", lambda *given: drift)
    answer = history("container", "list", "--drift")
    assert "guard" not in answer.out
    assert answer.out.endswith("\nprobe: environment: A added and 1 more\n")
    assert history("container", "list", "rarities", "--drift").out == (
        "no container differs from the configuration\n")


@pytest.mark.parametrize("verb", [
    "start", "stop", "restart", "upgrade", "rollback", "confirm", "delete",
])
def test_a_verb_alone_takes_containers_and_sets_alike(kolla, monkeypatch, verb):
    asked = []

    def run(deployment, request, dry_run=False, observer=None):
        asked.append((request.kind, [one.name for one in request.containers]))
        return Report([], {})

    monkeypatch.setattr("kolla.actions.run.run", run)
    kolla(verb, "guard", "near-caches", "guard", "--dry-run")
    assert asked == [(verb, ["guard", "probe"])]
    answer = kolla(verb, "gard", "--dry-run")
    assert answer.code == 2 and "'guard'" in answer.err


def test_a_verb_that_changes_little_may_be_for_all_and_others_need_a_name(kolla):
    assert kolla("check", "--quick", "-f", "json").json
    assert "required" not in kolla("logs").err
    assert "the following arguments are required: NAME" in kolla("stop").err


def test_what_is_no_longer_enabled_but_still_runs_is_listed(history):
    names = [
        row["name"] for row in
        history("container", "list", "--set", "host.disabled=caches", "-f", "json").json
    ]
    assert names == ["probe"]


def test_tasks_are_listed_with_their_last_run(kolla):
    store = kolla.store
    event = store.open_event("on-demand", "probe", 1, "rotate", task="rotate")
    store.close_event(event, "failed", 0.5, "no keys")
    store.close()
    rows = kolla("container", "task", "probe", "-f", "json").json
    assert [(row["task"], row["command"], row["every"], row["outcome"]) for row in rows] == [
        ("purge", "purge --old", 3600, None), ("rotate", "rotate", None, "failed")]
    assert rows[1]["last"] and kolla("container", "task", "guard", "-f", "json").json == []


def test_history_tells_why_each_was_made_and_which_can_come_back(history):
    rows = history("container", "history", "probe", "-f", "json").json
    assert [(row["generation"], row["state"], row["cause"], row["rollback"]) for row in rows] == [
        (1, "kept", "start", True), (2, "current", "upgrade", False),
        (3, "refused", "upgrade", False),
    ]
    assert rows[2]["reason"] == "check failed: it says no"


def test_what_came_before_a_schema_that_was_cleaned_up_cannot_come_back(kolla):
    store, tasks = kolla.store, {"contract": (Task("contract", ("contract",)),)}
    for number, release in enumerate(("2025.2", "2026.1", "2026.1"), 1):
        store.begin("probe", make_spec(container="probe", release=release, tasks=tasks), {}, "")
        store.commit("probe", number)
    store.confirm("probe", 3)
    store.close()
    answer = kolla("container", "history", "probe", "-f", "json")
    assert [row["rollback"] for row in answer.json] == [False, True, False]
    assert "generation 1: replaced by generation 2; no rollback: 2026.1 is confirmed and its" in (
        " ".join(kolla("container", "history", "probe").out.split()))


def test_container_show_tells_privileges_with_reasons_and_never_a_secret(history):
    shown = history("container", "show", "probe", "-f", "json").json
    assert shown["privileges"] == {"pid": "sees all"}
    assert shown["super_privileged"] is True
    assert shown["environment"] == {"PASSWORD": "${database.password}"}


def test_container_show_of_a_failed_generation_has_its_evidence(history):
    shown = history("container", "show", "probe", "--generation", "3", "-f", "json").json
    assert shown["state"] == "refused"
    assert shown["evidence"] == "check: no\nlog: no port"


def test_container_show_before_the_first_start_tells_what_is_wanted(kolla):
    shown = kolla("container", "show", "guard", "-f", "json").json
    assert shown["state"] == "not made yet"
    assert shown["mounts"] == {"/dev": "/dev (ro,rprivate): reads the disks"}
    assert shown["super_privileged"] is True


@pytest.mark.parametrize("target, health", [
    ("running", "maintenance"), ("stopped", "stopped"), ("absent", "absent"),
])
def test_maintenance_is_shown_of_what_should_run_alone(history, target, health):
    with contextlib.closing(history.store) as store:
        store.update("probe", target=target, maintenance=FOR_EVER)
    rows = history("container", "list", "-f", "json").json
    assert {row["name"]: row["health"] for row in rows}["probe"] == health


@pytest.mark.parametrize("state, time, told", [
    ("on", "99999999999d", "'99999999999d' is longer than 3650d"),
    ("on", "3651d", "'3651d' is longer than 3650d"),
    ("on", "9" * 5000 + "d", "is longer than 3650d"),
    ("on", "soon", "'soon' is not a time like 90s, 10m, 2h or 1d"),
    ("off", "0s", "--for is for the beginning of a maintenance"),
])
def test_how_long_a_maintenance_cannot_last_is_wrong_usage(history, state, time, told):
    answer = history("container", "maintenance", state, "probe", "--for", time)
    assert answer.code == 2
    assert told in answer.err


def test_a_rollback_by_an_old_name_goes_where_it_is_told_to_go(history, monkeypatch):
    asked = []

    def run(deployment, request, dry_run):
        asked.append(request)
        return Report([], {})

    monkeypatch.setattr("kolla.actions.run.run", run)
    history("container", "rollback", "sonde", "--to", "1", "--dry-run")
    (request,) = asked
    assert [each.name for each in request.containers] == ["probe"]
    assert request.targets == {"probe": 1}


@pytest.mark.parametrize("command", ["show probe --generation 9", "rollback probe --to 9"])
def test_unknown_generation_is_wrong_usage(history, command):
    answer = history("container", *command.split())
    assert answer.code == 2
    assert "probe has no generation 9" in answer.err


def test_where_the_state_file_is_lost_the_engine_is_asked_for_the_generation(kolla):
    answer = kolla("container", "rollback", "probe", "--to", "2")
    assert answer.code == 1
    assert "no-engine.sock" in answer.err


@pytest.mark.parametrize("command", ["diff probe 2", "show probe --generation 2"])
def test_a_generation_that_was_dropped_from_the_records_is_said_to_be(history, command):
    store = history.store
    store.begin("probe", make_spec(container="probe"), {}, "upgrade", outdated=(2,))
    store.close()
    answer = history("container", *command.split())
    assert answer.code == 2
    assert "generation 2 of probe is not on record any more" in answer.err


def test_a_log_in_the_archive_outlives_the_record_of_its_generation(history, monkeypatch):
    def show(logs, parsed_args, names, generation):
        asked.append((*names, generation))

    asked, store = [], history.store
    store.begin("probe", make_spec(container="probe"), {}, "upgrade", outdated=(1, 2))
    store.close()
    archive = Archive(StateDir(store.path.parent).archive, 1 << 20, 3)
    archive.keep("probe", 2, [("2026-05-01T12:00:01", "a line")])
    monkeypatch.setattr(container.Logs, "show", show)
    history("container", "logs", "probe", "--generation", "2")
    assert asked == [("probe", 2)]
    assert history("container", "logs", "probe", "--generation", "1").code == 2


@pytest.mark.parametrize("command, message", [
    ("container show prob", "there is no container 'prob'; did you mean 'probe'?"),
    ("plan prob", "there is no container set or container 'prob'; did you mean 'probe'?"),
    ("plan cachs", "there is no container set or container 'cachs'; did you mean 'caches'?"),
    ("set export --format compse --output x", "no exporter 'compse'; did you mean 'compose'?"),
    ("set show cachs", "there is no container set 'cachs'; did you mean 'caches'?"),
    ("container show glance-registry", "no container 'glance-registry' since Ussuri (2020.1): "),
    ("set show lbaas-agent", "no container set 'lbaas-agent' since Train (2019.2): "),
    ("plan ceilometer-api", "no container set or container 'ceilometer-api' since Queens"),
    ("config environment swift-base", "there is no container 'swift-base': it was an image"),
    ("container start spare", "it is optional: it runs where [host] enabled names spare"),
    ("set start rarities", "nothing of rarities runs on this host"),
    ("set check rarities", "it is optional: it runs where [host] enabled names rarities"),
    ("set start probe", "'probe' is a container, not a set"),
    ("container stop caches", "'caches' is a container set"),
    ("container rollback probe guard --to 3", "--to is for one container"),
    ("container upgrade probe guard --image x", "--image is for one container"),
    ("container task probe purg", "probe has no task 'purg'; did you mean 'purge'?"),
    ("container rollback probe --to 0", "'0' is not a whole number above 0"),
    ("container upgrade probe --release new", "'new' is no release of OpenStack"),
    ("event list --container prob", "there is no container 'prob'; did you mean 'probe'?"),
    ("event list --limit some", "'some' is not a whole number above 0"),
    ("container logs probe --since yesterday", "'yesterday' is neither a time"),
    ("container logs probe --since 2026-13-01", "'2026-13-01' is neither a time"),
    ("container logs probe --tail -1", "'-1' is not a whole number of 0 or more"),
    ("container logs probe --generation 0", "'0' is not a whole number above 0"),
    ("container logs probe --generation 7", "probe has no generation 7"),
    ("container logs probe --grep (", "'(' is not a regular expression: missing )"),
    ("set logs caches --grep *", "'*' is not a regular expression: nothing to repeat"),
    ("set logs caches --follow --until 1m", "--until: not allowed with argument -f/--follow"),
    ("set delete", "the following arguments are required: SET"),
])
def test_wrong_usage_is_named_and_ends_with_2(kolla, command, message):
    answer = kolla(*command.split())
    assert answer.code == 2
    assert message in answer.err


def test_an_export_that_cannot_be_written_names_the_folder_it_was_given(kolla):
    output = kolla.folder / "export"
    output.mkdir()
    (output / "containers").touch()
    answer = kolla("set", "export", "caches", "--output", str(output))
    assert answer.code == 1 and f"{output}/containers" in answer.err
    assert "state_dir" not in answer.err


@pytest.mark.parametrize("command", ["container delete probe", "set delete caches --data"])
def test_nothing_is_deleted_without_yes_where_nobody_can_be_asked(history, command):
    answer = history(*command.split())
    assert answer.code == 2
    assert "without confirmation" in answer.err and "--yes confirms it" in answer.err
    assert history("container", "list", "-f", "json").json[0]["generation"] == 2


def test_events_are_actions_and_their_operations_only_if_asked(history):
    rows = history("event", "list", "-f", "json").json
    assert [(row["action"], row["outcome"], row["seconds"]) for row in rows] == [
        ("upgrade", "failed", 1.5)]
    detailed = history("event", "list", "--operations", "-f", "json").json
    assert [row["action"] for row in detailed] == ["upgrade", "create"]
    assert history("event", "list", "--container", "guard", "-f", "json").json == []


def test_engine_that_cannot_be_reached_is_named(kolla):
    answer = kolla("container", "check", "probe")
    assert answer.code == 1
    assert "no-engine.sock" in answer.err


def test_what_is_made_of_the_host_is_shown_beforehand(kolla):
    answer = kolla("host", "prepare", "--dry-run", "-f", "json")
    assert answer.code == 0 and answer.json == [{
        "need": "path /dev", "container": "guard", "outcome": "was there",
        "reason": "reads the disks", "advice": "",
    }]


def test_people_see_what_was_there_before_only_if_they_ask(kolla):
    answer = kolla("host", "prepare", "--dry-run")
    assert answer.out == "this host has all that containers need of it\n"
    assert "was there" in kolla("host", "prepare", "--dry-run", "--long").out


def test_the_fields_of_one_object_are_texts_that_a_shell_can_use(kolla):
    out = kolla("set", "show", "openstack-interface", "-f", "shell").out
    assert "<" not in out and "None" not in out
    assert 'containers="{}"' in out and 'checked=""' in out
