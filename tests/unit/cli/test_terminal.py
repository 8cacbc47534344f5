"""What people see on a terminal: tables, help, colours, hints, and the end of a report."""

import dataclasses
import io

import pytest

from kolla.actions.run import Report
from kolla.actions.runner import Result
from kolla.cli import colour, hints, values
from kolla.cli.action import excerpt
from kolla.cli.base import _too_wide
from kolla.cli.image import Prune
from kolla.cli.main import Kolla
from kolla.cli.tree import drawing
from kolla.cli.values import Painted, Text
from kolla.plans.plan import Kind, Plan
from tests.unit.support.factory import make_spec
from tests.unit.support.terminal import Terminal

COMMANDS = sorted(Kolla().command_manager.commands)
WIDTH = 80


@dataclasses.dataclass(frozen=True)
class Twig:
    """A place in a tree."""

    path: tuple[str, ...]
    said: str

    def text(self) -> str:
        return self.said


@pytest.fixture
def pinned(kolla, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    store = kolla.store
    store.begin("probe", make_spec(container="probe", version="29.1.0"), {}, "upgrade")
    store.commit("probe", 1)
    store.update(
        "probe", release_pin="2026.1", pinned_at="2026-11-23T22:12:19.173+00:00",
        pinned_by="upgrade --release 2026.1, by root", health="healthy",
        health_at="2026-11-23T22:12:19.173+00:00",
    )
    store.close()
    return kolla


def test_all_columns_are_blocks_where_a_table_would_not_fit(pinned, monkeypatch):
    block = pinned("container", "list", "--long").out.split("\n\n")[0].splitlines()
    assert block[0] == "name              probe"
    assert "pinned_by         upgrade --release 2026.1, by root" in block
    assert not [line for line in block if line.startswith("summary")]
    monkeypatch.setenv("COLUMNS", "200")
    assert pinned("container", "list", "--long").out.startswith("+---")


def test_a_table_has_few_columns_and_all_of_them_if_asked(pinned):
    few, all_of_them = pinned("container", "list").out, pinned("container", "list", "--long").out
    assert "super_privileged" not in few and "super_privileged" in all_of_them
    assert max(map(len, few.splitlines())) <= WIDTH
    assert "super_privileged" in pinned("container", "list", "-f", "json").json[0]


def test_what_is_empty_shifts_no_column_of_a_shell(kolla):
    shown = ("container", "list", "-c", "generation", "-c", "health")
    assert kolla(*shown, "-f", "value").out.splitlines()[0] == "- absent"
    assert kolla(*shown, "-f", "csv").out.splitlines()[1] == '"","absent"'


def test_images_to_remove_have_each_reason_once(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    rows = [
        (Text(tag), None, None, reason, "removed")
        for tag, reason in [("", "replaced"), ("a:1", "not needed"), ("", "replaced"),
                            ("b:1", "not needed")]
    ]
    assert Prune.below(None, Prune.columns, rows) == [
        "replaced: 2 without a tag", "not needed: a:1, b:1"]


def test_a_tree_is_folded_beside_its_rails_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    told = Twig(("a",), "word " * 20), Twig(("a", "b"), "b"), Twig(("c",), "c")
    lines = drawing(told, "root", Terminal()).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert [line[:4] for line in lines] == ["root", "├── ", "│   ", "│   ", "└── "]
    assert len(drawing(told, "root", io.StringIO()).splitlines()) == 4


@pytest.mark.parametrize("command", ["container list", "set list"])
def test_pins_stand_below_a_list_with_their_day_and_command(pinned, command):
    assert pinned(*command.split()).out.endswith(
        "+\nprobe: pinned to 2026.1 since 2026-11-23 22:12:19 UTC (upgrade --release 2026.1,\n"
        "  by root)\n")


def test_pins_are_there_for_programs_too(pinned):
    row = pinned("container", "list", "-f", "json").json[0]
    assert (row["pin"], row["pinned_since"]) == ("2026.1", "2026-11-23T22:12:19.173+00:00")
    assert row["pinned_by"] == "upgrade --release 2026.1, by root"
    assert pinned("set", "list", "-f", "json").json[0]["pinned"] == ["probe"]


def test_times_are_dates_if_asked(pinned):
    assert "2026-11-23 22:12:19 UTC" in pinned("container", "list", "--utc").out


def test_a_column_is_found_in_capitals_or_not(pinned):
    assert pinned("container", "list", "-c", "NAME", "-f", "value").out == "probe\nguard\n"


@pytest.mark.parametrize("command, said", [
    ("event list", "no events are recorded\n"), ("container task guard", "guard has no tasks\n"),
    ("container history guard", "nothing is recorded of this container yet\n"),
])
def test_an_empty_result_is_told_in_words(kolla, command, said):
    assert kolla(*command.split()).out == said
    assert kolla(*command.split(), "-f", "json").json == []


def test_an_object_is_shown_without_its_empty_fields_unless_asked(pinned):
    assert "| evidence " not in pinned("container", "show", "probe").out
    assert "| evidence " in pinned("container", "show", "probe", "--long").out


def test_of_evidence_one_line_is_shown_and_all_of_it_if_asked(kolla):
    store = kolla.store
    store.begin("probe", make_spec(container="probe"), {}, "upgrade")
    store.commit("probe", 1)
    store.end("probe", 1, "current", "", "check: no\nlog: no port\nlog: bye")
    store.close()
    assert "check: no (and 2 more lines: --evidence)" in kolla("container", "show", "probe").out
    assert "log: bye" in kolla("container", "show", "probe", "--evidence").out


def test_health_has_colours_on_a_terminal_that_wants_them(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert colour.wanted(Terminal()) and not colour.wanted(io.StringIO())
    assert colour.painted("healthy") == "\033[32mhealthy\033[0m"
    assert colour.painted("anything") == "anything"
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colour.wanted(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not colour.wanted(Terminal())


def test_a_coloured_table_is_as_wide_as_one_without(pinned, monkeypatch):
    plain = pinned("container", "list").out
    monkeypatch.setattr(colour, "wanted", lambda stream: True)
    coloured = pinned("container", "list").out
    assert "\033[32mhealthy\033[0m" in coloured
    assert coloured.replace("\033[32m", "").replace("\033[2m", "").replace("\033[0m", "") == plain


@pytest.mark.parametrize("typed, meant", [
    ("config validat", "kolla config validate"), ("config passwrds", "kolla config passwords"),
    ("config everything", "kolla config show"), ("events list", "kolla event list"),
])
def test_a_misspelt_verb_leads_to_the_near_command_of_its_noun(typed, meant):
    assert hints.hint(typed.split(), COMMANDS) == meant


@pytest.mark.parametrize("columns", ["80", "200"])
@pytest.mark.parametrize("command", [
    "container list --long", "container show guard", "container show probe",
])
def test_colours_decide_neither_about_blocks_nor_about_empty_fields(
    pinned, monkeypatch, command, columns
):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(values, "age", lambda time: "1 h ago")  # between the two time passes
    without = pinned(*command.split()).out
    monkeypatch.setattr(colour, "wanted", lambda stream: True)
    assert colour.plain(pinned(*command.split()).out) == without


def test_a_table_that_fits_without_colours_fits_with_them(monkeypatch):
    cells = ["x" * 30, Painted("healthy"), Painted("running")]
    monkeypatch.setenv("COLUMNS", str(30 + 7 + 7 + 3 * 3 + 1))
    assert not _too_wide(("name", "health", "state"), [cells])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_the_example_and_fits_a_terminal(kolla, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    text = kolla(*name.split(), "--help").out
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.index("example:") < text.index("options:")
    assert "--sort-column" not in text


def test_help_breaks_no_option_at_its_dashes(kolla, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    said = kolla("container", "upgrade", "--help").out
    assert "--follow-\n" not in said and said.count("--follow-config") > 3


def test_the_list_of_commands_fits_a_terminal(kolla, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, kolla("--help").out.splitlines())) <= WIDTH


def test_all_options_of_the_output_are_explained_if_asked(kolla):
    assert "--sort-column" in kolla("set", "list", "--help", "-v").out


@pytest.mark.parametrize("typed, meant", [
    ("ps", "kolla container list"), ("log keystone", "kolla logs keystone"),
    ("history keystone", "kolla container history keystone"),
    ("exec keystone", "kolla container exec keystone"), ("reconfigure", "kolla upgrade"),
    ("version", "kolla --version"), ("image pull keystone", "kolla image build keystone"),
    ("image delete x", "kolla image prune --dry-run"), ("deploy", "kolla start"),
    ("doctor", "kolla host check"), ("shell", "kolla container exec NAME"),
    ("conatiner", "kolla container"), ("contaner list", "kolla container list"),
    ("genpwd", "kolla config passwords"), ("describe web", "kolla container show web"),
])
def test_what_is_typed_from_other_tools_gets_the_right_hint(kolla, typed, meant):
    answer = kolla(*typed.split())
    assert answer.code == 2 and f"did you mean `{meant}`?" in answer.err


def test_container_set_means_nothing_and_no_hint_is_given(kolla):
    assert "did you mean" not in kolla("container", "set", "probe").err


def _typos(name: str):
    """The name with a letter left out, doubled, exchanged with the next or replaced."""
    for place in range(len(name)):
        yield name[:place] + name[place + 1:]
        yield name[:place] + name[place] + name[place:]
        yield name[:place] + name[place:place + 2][::-1] + name[place + 2:]
        yield name[:place] + "x" + name[place + 1:]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_typo_leads_to_a_command_that_stops_or_destroys(name):
    for typo in _typos(name):
        if typo in COMMANDS or not typo.split():
            continue
        meant = hints.hint(typo.split(), COMMANDS).split()
        harmful = {word for word in hints.HARMFUL if word in meant and word not in typo.split()}
        assert not harmful, (typo, meant)


@pytest.fixture
def failing(kolla, monkeypatch):
    """An upgrade that fails, with a long evidence."""
    evidence = "\n".join(f"line {number}" for number in range(40))
    result = Result("probe", "failed", 1, 1, "check failed: no", evidence=evidence)
    report = Report([result], {"probe": Plan("probe", Kind.UPGRADE, after=2)})
    monkeypatch.setattr("kolla.actions.run.run", lambda *a, **k: report)
    return kolla


def test_a_failure_ends_with_its_verdict_and_one_command_that_shows_more(failing):
    answer = failing("container", "restart", "probe")
    assert answer.code == 1
    assert answer.err.splitlines()[-2:] == [
        "kolla: probe: check failed: no", "  see `kolla container logs probe --generation 2`"]
    assert "check failed" not in answer.out


def test_of_a_long_evidence_the_beginning_and_the_end_are_printed(failing):
    lines = failing("container", "restart", "probe").err.splitlines()
    assert lines[0] == "kolla: probe: what there was to see"
    assert lines[1:6] == ["  line 0", "  line 1", "  line 2", "  line 3", "  ... 24 lines ..."]
    assert lines[6] == "  line 28" and lines[17] == "  line 39"


def test_the_error_in_the_midst_of_a_long_evidence_is_printed():
    """Servers with several processes say much after the reason for their end."""
    reason = "12:00:00 38 ERROR keystone ImportError: Unable to find 'nonsense' driver"
    told = excerpt("\n".join([
        *(f"12:00:00 38 ERROR keystone   File, line {number}" for number in range(20)), reason,
        *(f"OOPS ! failed loading app in worker {number}" for number in range(12)),
    ]))
    assert told.splitlines()[4:6] == ["  ... 16 lines ...", f"  {reason}"]


def answer_with(monkeypatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(text))


def test_a_deletion_names_what_cannot_work_without_it(kolla, monkeypatch):
    answer_with(monkeypatch, "n\n")
    answer = kolla("container", "delete", "probe")
    assert answer.err.startswith("Delete probe? guard cannot work without it. [y/N] ")
    assert answer.code == 1 and "nothing was deleted" in answer.err


@pytest.mark.parametrize("typed, goes_on", [("y", False), ("guard", False), ("probe", True)])
def test_data_are_deleted_only_if_the_name_is_typed(kolla, monkeypatch, typed, goes_on):
    answer_with(monkeypatch, f"{typed}\n")
    answer = kolla("container", "delete", "probe", "--data")
    assert "Type 'probe' to confirm: " in answer.err
    assert ("nothing was deleted" not in answer.err) is goes_on


@pytest.fixture
def eventful(kolla):
    """An upgrade that failed a moment ago, and a start long before."""
    store = kolla.store
    for action, outcome, detail in (("start", "done", ""), ("upgrade", "failed", "no port")):
        store.close_event(store.open_event(action, "probe", 3), outcome, 1.5, detail)
    store._write("UPDATE events SET at = '2026-01-01T00:00:00.000+00:00' WHERE action = 'start'")
    store.close()
    return kolla


def test_events_since_a_time_are_those_after_it(eventful):
    rows = eventful("event", "list", "--since", "1h", "-f", "json").json
    assert [row["action"] for row in rows] == ["upgrade"]
    rows = eventful("event", "list", "--since", "2025-12-31T00:00", "-f", "json").json
    assert [row["action"] for row in rows] == ["start", "upgrade"]


def test_the_reason_of_what_failed_stands_below_the_events(eventful):
    lines = eventful("event", "list").out.splitlines()
    assert lines[-1].startswith("probe, ") and lines[-1].endswith(": no port")


def test_events_are_followed_as_they_begin_and_as_they_end(eventful, monkeypatch):
    from kolla.cli import event

    store, rounds = eventful.store, []

    def meanwhile(seconds):
        rounds.append(seconds)
        if len(rounds) == 1:
            rounds.append(store.open_event("stop", "probe", 3))
        elif len(rounds) == 3:
            store.close_event(rounds[1], "done", 0.5)
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr(event.time, "sleep", meanwhile)
    answer = eventful("event", "list", "--follow", "--since", "1h")
    assert answer.code == 0
    told = [line.split("  ", 2)[2] for line in answer.out.splitlines()]
    assert told == [
        "upgrade probe-g3  failed after 1.5 s: no port", "stop probe-g3  begun",
        "stop probe-g3  done after 0.5 s"]


def followed(store, limit: int, *changes) -> list[str]:
    """What is told while these happen, one after another."""
    from kolla.cli import event

    left = list(changes)

    def meanwhile(seconds):
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event.time, "sleep", meanwhile)
        chosen = event._Chosen(limit, None, True, None)
        return [event.told(one).split("  ", 2)[2] for one in event.following(store, chosen)]


def test_a_limit_is_for_the_events_before_those_that_are_followed(kolla):
    store = kolla.store
    first = store.open_event("upgrade", "probe", 2)

    def steps():
        for _ in range(5):
            store.open_event("check", "probe", 2, parent=first)

    told = followed(store, 2, steps, lambda: store.close_event(first, "done", 9.0))
    store.close()
    assert told == ["upgrade probe-g2  begun", *["check probe-g2  begun"] * 5,
                    "upgrade probe-g2  done after 9.0 s"]


def test_a_copy_that_is_replaced_is_followed(kolla, tmp_path):
    """As that of readers is, with each change."""
    import os
    import shutil

    from kolla.store.store import Store

    def copy():
        shutil.copy(kolla.state_dir / "kolla.sqlite", tmp_path / "new")
        os.replace(tmp_path / "new", tmp_path / "kolla.sqlite")

    def change():
        store = kolla.store
        store.open_event("stop", "probe", 3)
        store.close()
        copy()

    kolla.store.close()
    copy()
    shown = Store(tmp_path)
    assert followed(shown, 9, change) == ["stop probe-g3  begun"]
    shown.close()
