"""Completion, in a real bash, zsh and fish."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.unit.support.factory import make_spec

COMPLETE = """\
source <(kolla complete)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_kolla kolla "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def complete(kolla):
    """What bash offers in the place of the last word of a command line."""
    program = kolla.folder / "bin" / "kolla"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom kolla.cli.main import main\n"
        f"sys.argv[1:1] = ['--config-dir', '{kolla.config.parent}']\nsys.exit(main())\n"
    )
    program.chmod(0o755)

    bash = [shutil.which("bash"), "-c", COMPLETE, "bash"]

    def run(*words: str, shell: list[str] = bash) -> list[str]:
        done = subprocess.run(
            [*shell, "kolla", *words] if words else shell,
            capture_output=True, text=True, timeout=60, check=True,
            env={**os.environ, "PYTHONPATH": f"{kolla.plugins}:{pathlib.Path.cwd()}",
                 "PATH": f"{program.parent}:{os.environ['PATH']}"},
        )
        assert done.stderr == ""
        return done.stdout.split()

    return run


def test_commands_are_completed_word_by_word(complete):
    assert {"container", "set", "plan", "recover"} <= set(complete(""))
    assert complete("con") == ["config", "confirm", "container"]
    assert complete("set", "st") == ["start", "stop"]


def test_sets_are_completed_with_the_whole_tree(complete):
    assert {"all", "caches", "near-caches"} <= set(complete("set", "start", ""))


def test_containers_are_completed_but_not_twice(complete):
    assert complete("container", "start", "gu") == ["guard"]
    assert "guard" not in complete("container", "start", "guard", "")
    assert complete("--host", "other", "container", "show", "pro") == ["probe"]


def test_a_name_of_old_is_completed_where_nothing_of_today_begins_so(complete):
    assert complete("container", "show", "son") == ["sonde"]
    assert complete("set", "show", "mag") == ["magazines"]
    assert complete("container", "show", "glance-r") == ["glance-registry"]
    assert "glance-registry" not in complete("container", "show", "glance")


def test_help_completes_the_words_of_commands(complete):
    assert complete("help", "container", "hist") == ["history"]


def test_hosts_are_those_that_have_a_file(complete):
    assert complete("--host", "") == ["other"]


ZSH = """\
compdef() { :; }
source <(kolla complete --shell zsh)
compadd() { print -l -- ${(P)argv[-1]} }
_files() { print FILES }
words=("$@") CURRENT=$#
_kolla
"""


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_zsh_completes_the_same(complete):
    def run(*words):
        return complete(*words, shell=[shutil.which("zsh"), "-f", "-c", ZSH, "zsh"])

    assert {"start", "stop"} <= set(run("set", "st"))
    assert "guard" in run("container", "show", "")
    assert run("--config-dir", "") == ["FILES"]


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish")
def test_fish_completes_the_same(complete):
    def run(*words):
        line = " ".join(["kolla", *words])
        script = f"kolla complete --shell fish | source; complete -C '{line}'"
        return complete(shell=[shutil.which("fish"), "--no-config", "-c", script])

    assert run("set", "st") == ["start", "stop"]
    assert run("container", "start", "gu") == ["guard"]


def test_options_and_their_choices_are_completed(complete):
    assert complete("container", "delete", "--d") == ["--dry-run", "--data", "--debug"]
    assert complete("set", "list", "--format", "j") == ["json"]
    assert complete("--conf") == ["--config-dir"]


def test_generations_are_completed_from_what_is_remembered(kolla, complete):
    store = kolla.store
    for _ in range(2):
        store.begin("probe", make_spec(container="probe"), {}, "start")
    store.close()
    assert complete("container", "show", "probe", "--generation", "") == ["1", "2"]


def test_a_rollback_is_offered_generations_that_can_come_back(kolla, complete):
    store = kolla.store
    for number in (1, 2, 3):
        store.begin("probe", make_spec(container="probe"), {}, "start")
        if number != 2:
            store.commit("probe", number)
    store.close()
    assert complete("container", "rollback", "probe", "--to", "") == ["1"]


def test_groups_options_and_columns_are_completed(complete):
    assert complete("config", "show", "hoo") == ["hooks"]
    assert complete("--set", "docker.u") == ["docker.url="]
    assert complete("set", "list", "-c", "che") == ["checked"]
    assert complete("container", "list", "--sort-column", "gen") == ["generation"]


def test_verbs_complete_any_node(complete):
    assert {"guard", "caches"} <= set(complete("restart", ""))


def test_tasks_are_completed(complete):
    assert complete("container", "task", "probe", "") == ["purge", "rotate"]


def test_releases_are_completed_from_the_pins_of_images(complete):
    assert "2026.1" in complete("container", "upgrade", "probe", "--release", "2026")


def test_a_configuration_that_cannot_be_read_completes_nothing_and_says_nothing(kolla, complete):
    kolla.config.write_text("[DEFAULT\n")
    assert complete("container", "rollback", "probe", "--to", "") == []


@pytest.mark.parametrize("words, expected", [
    (("container", "maintenance", ""), ["on", "off"]),
    (("container", "maintenance", "on", ""), ["guard", "probe"]),
    (("container", "maintenance", "--for", "5m", "on", "probe", ""), ["guard"]),
    (("container", "show", "probe", ""), []),
])
def test_the_argument_that_comes_next_is_completed(complete, words, expected):
    found = complete(*words)
    assert [word for word in found if word in ("on", "off", "guard", "probe")] == expected
