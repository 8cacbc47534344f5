"""The programs that build: their logs, why they fail, and how they are ended."""

import threading
import time

import pytest

from kolla.errors import KollaError
from kolla.images.run import Job, Runner


@pytest.fixture
def job(tmp_path):
    def make(mask=lambda line: line, tell=lambda line: None, runner=None):
        return Job(runner or Runner(), tmp_path / "log", mask, tell)

    return make


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def test_the_log_holds_the_output_of_all_programs_of_an_image(job):
    made = job()
    made.run(shell("echo one; echo two >&2"), {})
    made.run(["cat"], {}, "FROM x\n")
    lines = made.path.read_text().splitlines()
    assert [line for line in lines if not line.startswith("$")] == [
        "one", "two", "FROM x", "FROM x"
    ]


def test_lines_are_told_as_they_come_without_buildkits_numbers(job):
    told = []
    job(tell=told.append).run(shell("echo '#7 0.123 Unpacking'; echo '#7 DONE 0.2s'"), {})
    assert told == ["Unpacking", "DONE 0.2s"]


def test_secrets_are_masked_before_they_reach_the_log(job):
    told = []
    made = job(mask=lambda line: line.replace("s3cret", "***"), tell=told.append)
    made.run(shell("echo $VARIABLE"), {"VARIABLE": "s3cret"})
    assert told == ["***"]
    assert "s3cret" not in made.path.read_text()


def test_a_failure_gives_the_last_words_of_the_program(job):
    with pytest.raises(KollaError, match="^no space left$"):
        job().run(shell("echo begins; echo no space left; exit 1"), {})


def test_a_failed_build_gives_the_commands_last_words_not_buildkits(job):
    output = r"#5 0.07 E: Unable to locate package x\n#5 ERROR: executor failed: exit code: 100\n"
    with pytest.raises(KollaError, match="^E: Unable to locate package x$"):
        job().run(shell(f"printf '{output}'; exit 1"), {})


def test_a_silent_failure_gives_the_exit_code(job):
    with pytest.raises(KollaError, match="exit code 7"):
        job().run(shell("exit 7"), {})


def test_a_program_that_is_missing_is_named(job):
    with pytest.raises(KollaError, match="no-such-program cannot be started"):
        job().run(["no-such-program"], {})


def test_stop_ends_what_runs_and_lets_nothing_new_begin(job):
    runner = Runner()
    made = job(runner=runner)
    threading.Timer(0.2, runner.stop).start()
    begun = time.monotonic()
    with pytest.raises(KollaError):
        made.run(["sleep", "30"], {})
    assert time.monotonic() - begun < 25
    with pytest.raises(KollaError, match="interrupted"):
        made.run(["true"], {})
