"""Evidence says what there was to see, and fills no disk."""

import pytest
from tests.unit.support.engine import Engine

from kolla.health import evidence


@pytest.fixture
def engine():
    engine = Engine()
    engine.have("web")
    return engine


def seen(engine, *log: str) -> list[str]:
    engine.logs = lambda name, tail: ((str(at), line) for at, line in enumerate(log[-tail:]))
    return evidence.gather(engine, "web-g1", "it is sick").splitlines()


def test_evidence_is_what_the_check_the_engine_and_the_log_say(engine):
    found = seen(engine, "one", "two")
    assert found == ["check: it is sick", "engine: running", "one", "two"]


def test_of_what_has_ended_its_exit_code_is_told(engine):
    engine.change("web-g1", running=False, status="exited", exit_code=3)
    assert seen(engine)[1] == "engine: exited, exit code 3"


def test_of_a_log_with_endless_lines_the_end_is_kept_and_the_cut_is_told(engine):
    found = seen(engine, *["a word " * 150_000] * 40, "the last line")
    assert found[:3] == ["check: it is sick", "engine: running", evidence.CUT]
    assert found[-1] == "the last line"
    assert 16_000 < len("\n".join(found)) < 17_000


@pytest.mark.parametrize("room", range(8))
def test_a_cut_leaves_no_part_of_a_secret(engine, room):
    rest = "x" * (evidence.LIMIT - room - 1)
    assert "cret" not in "".join(seen(engine, f"password=s3cret {rest}"))


def test_of_a_single_endless_word_nothing_is_kept(engine):
    assert seen(engine, "x" * 20_000)[2:] == [evidence.CUT]
