"""What every command has in common: names, help, errors and exit codes."""

import errno
import json
import os
import socket
import subprocess
import sys

import pytest

from kolla.cli.main import Kolla, _complain, _readable
from kolla.errors import KollaError
from kolla.store.state_dir import StateDir
from kolla.store.store import Store
from tests.unit.support.cli import MAIN, Answer
from tests.unit.support.terminal import Terminal

COMMANDS = sorted(Kolla().command_manager.commands)

IMPORTED = (
    "import json, sys; from kolla.cli.main import main; code = main();"
    " print(json.dumps(sorted(sys.modules)), file=sys.stderr); sys.exit(code)"
)


def test_no_arguments_print_the_help(kolla):
    answer = kolla()
    assert answer.code == 0
    assert "container upgrade" in answer.out and "usage: kolla" in answer.out


def test_help_of_a_noun_lists_its_commands_only(kolla):
    answer = kolla("set", "--help")
    assert "set tree" in answer.out
    assert "container list" not in answer.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_summary_and_an_example_that_names_it(kolla, name):
    summary = kolla("--help").out.split(f"  {name} ", 1)[1].partition("\n")[0].strip()
    assert 10 < len(summary) < 80
    answer = kolla(*name.split(), "--help")
    assert answer.code == 0
    assert f"kolla {name}" in answer.out.split("example:")[1]


def test_help_command_is_the_same_as_the_option(kolla):
    assert kolla("help", "set", "list").out == kolla("set", "list", "--help").out


@pytest.mark.parametrize("typed", ["set lst", "se list", "set lists", "container lits"])
def test_unknown_command_names_the_nearest_on_standard_error(kolla, typed):
    answer = kolla(*typed.split())
    assert answer.code == 2
    assert answer.out == ""
    assert f"there is no command {typed!r}; did you mean " in answer.err


def test_commands_cannot_be_abbreviated(kolla):
    assert kolla("cont", "list").code == 2
    assert kolla("container", "del", "probe", "--yes").code == 2


def test_options_cannot_be_abbreviated(kolla):
    answer = kolla("container", "stop", "probe", "--dry")
    assert answer.code == 2
    assert "did you mean '--dry-run'?" in answer.err


def test_noun_alone_names_its_verbs(kolla):
    answer = kolla("event")
    assert answer.code == 2
    assert answer.err == (
        "kolla: `kolla event` is not a whole command\n  choose a subcommand: list\n")


def test_global_options_may_stand_behind_the_command(kolla):
    options = ("--host", "other", "--set", "host.disabled=guard")
    answer = kolla("set", "list", *options, "-f", "json")
    assert [row["containers"] for row in answer.json] == [1, 1]


def test_a_host_without_a_file_is_wrong_usage_and_the_nearest_is_named(kolla):
    answer = kolla("--host", "othr", "set", "list")
    assert answer.code == 2
    assert "hosts/othr.conf; did you mean 'other'?" in answer.err


def test_malformed_assignment_is_wrong_usage(kolla):
    answer = kolla("--set", "host=x", "set", "list")
    assert answer.code == 2
    assert "GROUP.OPTION=VALUE" in answer.err


@pytest.mark.parametrize("option", ["-c", "--sort-column"])
def test_unknown_column_names_the_nearest_before_anything_is_done(kolla, option):
    answer = kolla("set", "start", "caches", option, "outcom")
    assert answer.code == 2
    assert "there is no column 'outcom'; did you mean 'outcome'?" in answer.err


def test_version_is_that_of_the_distribution(kolla):
    assert kolla("--version").out.startswith("kolla ")


def test_error_is_a_line_with_a_hint_and_no_traceback(kolla):
    kolla.config.write_text("[DEFAULT]\nstate_dir = /dev/null/nowhere\n")
    answer = kolla("set", "list")
    assert answer.code == 1
    assert answer.err.startswith("kolla: the state file /dev/null/nowhere")
    assert "Traceback" not in answer.err


def test_debug_shows_the_traceback(kolla):
    kolla.config.write_text("[DEFAULT]\nstate_dir = /dev/null/nowhere\n")
    assert "Traceback" in kolla("--debug", "set", "list").err


def test_unexpected_error_says_that_it_is_a_bug(kolla, monkeypatch):
    def fail(self, parsed_args):
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr("kolla.cli.set.List.take_action", fail)
    answer = kolla("set", "list")
    assert answer.code == 1
    assert answer.err == (
        "kolla: this is a bug in kolla: ZeroDivisionError: by accident\n"
        "  the option --debug shows where\n"
    )


def test_interruption_is_one_line_and_a_failure(kolla, monkeypatch):
    def interrupt(self, parsed_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("kolla.cli.set.List.take_action", interrupt)
    answer = kolla("set", "list")
    assert answer.code == 1
    assert answer.err.startswith("kolla: interrupted\n") and "kolla recover" in answer.err


def test_reader_that_goes_away_is_no_error_message(kolla):
    code = (
        "import os, sys; from kolla.cli.main import main\n"
        "reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1)\n"
        "sys.exit(main())"
    )
    answer = kolla.process("--help", code=code)
    assert (answer.code, answer.err) == (1, "")


def test_broken_plugin_is_one_warning_and_the_others_work(kolla):
    entry_points = next(kolla.plugins.glob("*.dist-info")) / "entry_points.txt"
    with entry_points.open("a") as file:
        file.write("broken = probe_missing:BROKEN\n")
    answer = kolla.process("set", "list", "-f", "value", "-c", "name")
    assert "caches" in answer.out.splitlines()
    warnings = [line for line in answer.err.splitlines() if "'broken'" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("kolla: ") and "distribution 'probe'" in warnings[0]


FAILING = """
from kolla.cli.base import Command

def fail(*arguments):
    raise ZeroDivisionError("by accident")

class Hello(Command):
    def take_action(self, parsed_args):
        fail()

class Backend:
    from_settings = fail
"""


@pytest.mark.parametrize("command, name", [
    ("acme hello", "acme hello"), ("set export --format acme --output x", "acme"),
    ("--set backend.driver=acme set check", "acme"),
])
def test_a_plugin_of_a_third_party_that_fails_is_named_with_its_distribution(
    kolla, site, command, name
):
    site(
        "kolla-acme", "[kolla.cli]\nacme hello = acme_cli:Hello\n"
        "[kolla.exporters]\nacme = acme_plugin:fail\n"
        "[kolla.backends]\nacme = acme_plugin:Backend\n",
        acme_plugin=FAILING, acme_cli=FAILING,
    )
    answer = kolla(*command.split())
    assert answer.code == 1
    assert f"plugin '{name}' of 'kolla-acme' failed: ZeroDivisionError: by accid" in answer.err
    assert "bug in kolla" not in answer.err


@pytest.mark.parametrize("content", [b"[kolla.cli]\nno command\n", b"\xff\n"])
def test_a_distribution_that_cannot_be_read_is_named_with_what_to_do(kolla, content):
    metadata = kolla.plugins / "acme-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_bytes(content)
    answer = kolla.process("set", "list")
    assert answer.code == 1 and len(answer.err.splitlines()) == 2
    assert answer.err.startswith("kolla: the entry points of the distribution 'acme' cannot be")


def test_postponed_module_is_imported_when_something_in_it_is_asked_for(kolla):
    code = (
        "import sys; from kolla.cli.postpone import postpone; postpone('wave'); import wave\n"
        "assert 'struct' not in vars(wave)\n"
        "from wave import Error; import wave as again\n"
        "assert wave.Error is Error is again.Error and 'open' in vars(wave)"
    )
    assert kolla.process(code=code) == Answer(0, "", "")


def test_broken_command_of_a_third_party_names_its_distribution_and_harms_no_other(kolla):
    entry_points = next(kolla.plugins.glob("*.dist-info")) / "entry_points.txt"
    with entry_points.open("a") as file:
        file.write("[kolla.cli]\nprobe hello = probe_missing:Hello\n")
    answer = kolla.process("probe", "hello")
    assert answer.code == 1
    assert "cannot be imported from probe_missing:Hello" in answer.err
    assert "distribution 'probe'" in answer.err
    assert "set tree " in kolla.process("--help").out


@pytest.mark.parametrize("command", ["--help", "set list", "set tree", "container list"])
def test_looking_imports_neither_docker_nor_rich(kolla, command):
    answer = kolla.process(*command.split(), code=IMPORTED)
    imported = set(json.loads(answer.err.splitlines()[-1]))
    assert answer.code == 0
    assert imported.isdisjoint({"docker", "rich", "requests", "urllib3"})


def test_help_does_not_import_what_reads_the_configuration(kolla):
    answer = kolla.process("--help", code=IMPORTED)
    assert "oslo_config.cfg" not in json.loads(answer.err.splitlines()[-1])


def test_what_a_copy_would_bring_is_not_made_up(kolla):
    answer = kolla("recover", "--dry-run", "--from", str(kolla.config))
    assert answer.code == 2 and "--from" in answer.err


def test_without_the_engine_no_copy_is_put_in_place(kolla):
    Store(kolla.folder / "copy").update("probe", target="stopped")
    copy = StateDir(kolla.folder / "copy").database
    kolla.store.update("probe", target="running")
    answer = kolla("recover", "--from", str(copy))
    assert answer.code == 1 and "no-engine.sock" in answer.err
    assert kolla.store.container("probe").target == "running"


@pytest.mark.parametrize("name, told", [
    ("nothing", "there is no file"), ("etc/kolla.conf", "is not a state file that can be read"),
])
def test_what_is_no_copy_is_named_before_the_engine_is_asked(kolla, name, told):
    answer = kolla("recover", "--from", str(kolla.folder / name))
    assert answer.code == 1 and told in answer.err
    assert "no-engine.sock" not in answer.err


def in_shell(
    kolla, redirection: str, command: str = "container list"
) -> subprocess.CompletedProcess:
    code = f'"$0" -c "{MAIN}" --config-dir "$1" {command} {redirection}'
    return subprocess.run(
        ["bash", "-c", code, sys.executable, str(kolla.config.parent)], capture_output=True,
        text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(kolla.plugins)},
    )


def test_output_for_which_there_is_no_room_is_an_error_and_no_bug(kolla):
    done = in_shell(kolla, "> /dev/full")
    assert done.returncode == 1
    assert done.stderr == "kolla: the output cannot be written: No space left on device\n"


def test_an_error_that_cannot_be_printed_has_its_exit_code_all_the_same(kolla):
    assert in_shell(kolla, "2> /dev/full", "container show nowhere").returncode == 2


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_standard_streams_may_be_closed(kolla, closed):
    done = in_shell(kolla, closed)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_of_another_file_without_room_names_that_file():
    error = OSError(errno.ENOSPC, "No space left on device", "/somewhere")
    assert "/somewhere" in _readable(error).message


@pytest.mark.parametrize("command", ["set list", "container stop probe", "status", "plan"])
def test_a_directory_in_place_of_the_configuration_is_named(kolla, command):
    kolla.config.unlink()
    kolla.config.mkdir()
    answer = kolla(*command.split())
    assert answer.code == 1
    assert "kolla.conf: cannot be read: Is a directory" in answer.err
    assert "as root" not in answer.err and "Traceback" not in answer.err


def test_a_link_to_nowhere_in_place_of_a_configuration_is_named(kolla):
    (kolla.config.parent / "hosts" / f"{socket.gethostname()}.conf").symlink_to("nowhere")
    answer = kolla("set", "list")
    assert answer.code == 1
    assert f"{socket.gethostname()}.conf: cannot be read: No such file or directory" in answer.err


def test_an_export_to_a_file_is_refused(kolla):
    answer = kolla("set", "export", "--output", str(kolla.config))
    assert answer.code == 2 and f"{kolla.config} is no folder" in answer.err


def test_hints_are_folded_between_words_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    assert _complain(KollaError("it is wrong", "name one of: " + "word " * 20), stream) == 1
    lines = stream.getvalue().splitlines()
    assert len(lines) > 2 and max(map(len, lines)) <= 60
    assert all(line.startswith("  ") for line in lines[1:])


@pytest.mark.parametrize("release, told", [
    ("2024.1", "cannot be built for 2024.1, only for 2025.2, 2026.1, 2026.2"),
    ("2027.9", "'2027.9' is no release of OpenStack"),
])
def test_an_image_of_an_unknown_release_is_refused_with_those_there_are(kolla, release, told):
    answer = kolla("image", "build", "keystone", "--release", release)
    assert answer.code == 2 and told in answer.err


def test_much_detail_names_where_it_comes_from(kolla):
    assert "kolla: DEBUG " in kolla("-vvv", "set", "list").err


def test_a_terminal_without_these_characters_gets_others_that_read_as_well(kolla, monkeypatch):
    for name, value in (("LC_ALL", "POSIX"), ("PYTHONCOERCECLOCALE", "0"), ("PYTHONUTF8", "0")):
        monkeypatch.setenv(name, value)
    assert kolla.process("set", "tree").out.splitlines()[:3] == [
        "all", "`-- caches  (What can be lost)", "    |-- near-caches  (Caches on this host)"]
