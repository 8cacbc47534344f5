"""Logs: how the engine sends them, what is asked for of them, and what is kept of them."""

import gzip
import random
import re
import struct
import tracemalloc

import pytest
from hypothesis import given, strategies

from kolla.backends.docker import log
from kolla.errors import KollaError
from kolla.logs import lines
from kolla.logs.archive import Archive
from kolla.logs.follow import Follower
from kolla.logs.lines import Line, Query
from kolla.logs.sources import Sources
from kolla.plugin.reports import BackendError, UnreadableLog
from tests.unit.support.log_engine import Engine, at
from kolla.text import harmless


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive", 1 << 20, 3)


# As the engine sends them

def frame(output: int, text: bytes) -> bytes:
    return struct.pack(">BxxxL", output, len(text)) + text


@given(strategies.lists(strategies.text(strategies.characters(exclude_categories=["Cs"]))),
       strategies.integers(1, 100))
def test_lines_are_the_same_however_the_engine_cuts_them_into_chunks(texts, size):
    texts = [re.sub(r"[\r\n]", "", text) for text in texts]
    sent = b"".join(
        frame(1 + number % 2, f"{at(number % 60)} {text}\n".encode())
        for number, text in enumerate(texts)
    )
    chunks = [sent[begin:begin + size] for begin in range(0, len(sent), size)]
    assert list(log.lines(chunks)) == [
        (at(n % 60), harmless(text)) for n, text in enumerate(texts)
    ]


def test_parts_of_a_long_line_are_put_together_whatever_comes_between():
    sent = [
        frame(1, f"{at(1)} {'x' * 9}".encode()), frame(2, f"{at(2)} error\n".encode()),
        frame(1, f"{at(3)} y\r\n".encode()), frame(1, f"{at(4)} without an end".encode()),
    ]
    assert list(log.lines(sent)) == [
        (at(2), "error"), (at(1), "xxxxxxxxxy"), (at(4), "without an end")
    ]


def test_line_without_an_end_is_cut():
    part = frame(1, f"{at(1)} {'x' * 1000}".encode())
    found = [len(text) for _, text in log.lines([part] * 200)]
    assert sum(found) == 200_000 and max(found) == log.PARTS * 1000


def test_what_is_not_text_is_marked():
    ((_, text),) = log.lines([frame(1, f"{at(1)} ".encode() + b"\xff\x00 binary\n")])
    assert text == "\ufffd\u2400 binary"


def test_times_of_another_zone_become_universal():
    sent = [frame(1, b"2026-05-01T14:00:01.123456789+02:00 x\n")]
    assert list(log.lines(sent)) == [("2026-05-01T12:00:01.123456789Z", "x")]


def test_error_of_the_engine_in_the_middle_of_a_log_is_an_error():
    found = log.lines([frame(1, f"{at(1)} x\n".encode()), frame(3, b"Error grabbing logs: EOF\n")])
    assert next(found) == (at(1), "x")
    with pytest.raises(BackendError, match="Error grabbing logs"):
        next(found)


def test_log_that_cannot_be_read_back_says_where_it_is():
    error = log.unreadable({
        "Name": "/web-g1",
        "HostConfig": {"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "udp://a"}}},
    })
    assert "'syslog' of web-g1" in error.message and "syslog-address=udp://a" in error.hint


# The archive

def test_archived_log_is_read_line_by_line_as_it_was(archive):
    written = [(at(1), "one"), (at(2), ""), (at(3), "thr\u00e9e \x85 \u2028 \r and more")]
    archive.keep("web", 1, iter(written))
    assert list(archive.read("web", 1)) == [(when, harmless(text)) for when, text in written]
    assert list(archive.generations("web")) == [1]
    assert archive.generations("web")[1] >= at(3)


def test_of_a_long_log_the_end_is_kept_in_little_memory(tmp_path):
    size, chance = 200_000, random.Random(1)
    archive = Archive(tmp_path, size, 3)
    tracemalloc.start()
    archive.keep("web", 1, ((at(1), f"{number} {chance.random()}") for number in range(200_000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    numbers = [int(text.split()[0]) for _, text in archive.read("web", 1)]
    assert numbers == list(range(numbers[0], 200_000))
    assert 0.6 * size < (tmp_path / "web" / "1.log.gz").stat().st_size <= size
    assert peak < 10 * size


def test_newest_logs_of_each_container_are_kept(archive):
    for number in (1, 2, 10, 9, 11):
        archive.keep("web", number, [(at(1), str(number))])
    archive.keep("other", 1, [(at(1), "other")])
    assert sorted(archive.generations("web")) == [9, 10, 11]
    assert sorted(archive.generations("other")) == [1]


def test_empty_log_takes_no_file(archive):
    archive.keep("web", 1, [])
    assert archive.generations("web") == {} and list(archive.read("web", 1)) == []


def test_without_archives_none_is_kept_and_those_from_before_go(archive):
    archive.keep("web", 1, [(at(1), "x")])
    Archive(archive.folder, archive.size, 0).keep("web", 2, [(at(1), "x")])
    assert archive.generations("web") == {}


def test_what_a_killed_command_left_half_written_goes(archive):
    archive.keep("web", 1, [(at(1), "x")])
    (archive.folder / "web" / ".2.log.gz-half").write_bytes(b"half")
    assert list(archive.generations("web")) == [1]
    archive.keep("web", 3, [(at(1), "x")])
    assert sorted(path.name for path in (archive.folder / "web").iterdir()) == [
        "1.log.gz", "3.log.gz"]


def test_what_there_is_of_a_log_that_breaks_off_is_kept(archive):
    def broken():
        yield at(1), "x"
        raise BackendError("the engine went away")

    with pytest.raises(BackendError):
        archive.keep("web", 1, broken())
    assert list(archive.read("web", 1)) == [(at(1), "x")]


def test_damaged_archive_is_named(archive):
    archive.keep("web", 1, [(at(1), "x" * 1000)])
    path = archive.folder / "web" / "1.log.gz"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(KollaError, match=str(path)):
        list(archive.read("web", 1))
    path.write_bytes(b"no gzip")
    with pytest.raises(KollaError, match=str(path)):
        list(archive.read("web", 1))


# What is asked for

def make(archive: Archive, **logs) -> Sources:
    return Sources(Engine(**logs), archive)


def texts(sources: Sources, *containers: str, **query) -> list[str]:
    """All that a command would print; another one begins anew."""
    sources, asked = Sources(sources.backend, sources.archive), Query(**query)
    found = sources.of(containers or ("web",), asked.generation)
    return [line.text for line in sources.written(found, asked)]


@pytest.fixture
def logs(archive):
    """A generation that is gone, two that served together for a while, another container."""
    archive.keep("web", 1, [(at(1), "a"), (at(2), "b")])
    return make(
        archive, web_g2=[(at(3), "c"), (at(5), "e")], web_g3=[(at(4), "d"), (at(6), "f")],
        db_g1=[(at(3.5), "db")],
    )


def test_log_of_a_container_is_that_of_all_its_generations_by_time(logs):
    assert texts(logs) == list("abcdef")


def test_several_containers_are_merged_by_time(logs):
    assert texts(logs, "web", "db") == ["a", "b", "c", "db", "d", "e", "f"]


def test_one_generation_alone(logs):
    assert texts(logs, generation=1) == ["a", "b"]
    assert texts(make(logs.archive, web_g2=[(at(3), "c")]), generation=2) == ["c"]


@pytest.mark.parametrize("count", range(1, 9))
def test_tail_is_the_end_of_the_whole_not_of_a_generation(logs, count):
    assert texts(logs, tail=count) == list("abcdef")[-count:]


def test_tail_does_not_read_archives_that_ended_before(logs, monkeypatch):
    monkeypatch.setattr(Archive, "read", lambda *arguments: pytest.fail("it was read"))
    assert texts(logs, tail=3) == ["d", "e", "f"]
    assert texts(logs, since=lines.seconds(at(4))) == ["d", "e", "f"]


def test_tail_is_of_the_lines_that_match(logs):
    assert texts(logs, tail=2, pattern=re.compile("[a-d]")) == ["c", "d"]
    assert texts(logs, tail=2, until=lines.seconds(at(4))) == ["c", "d"]


def test_since_and_until_are_both_included(logs):
    begin, end = lines.seconds(at(2)), lines.seconds(at(5))
    assert texts(logs, since=begin, until=end) == ["b", "c", "d", "e"]


def test_engine_is_believed_where_a_killed_command_archived_already(archive):
    archive.keep("web", 1, [(at(1), "a")])
    assert texts(make(archive, web_g1=[(at(1), "a"), (at(2), "b")])) == ["a", "b"]


def test_log_that_cannot_be_read_is_reported_and_the_others_are_shown(logs, caplog):
    logs.backend.logs_of["web-g2"] = UnreadableLog("cannot be read back", "look elsewhere")
    found = logs.written(logs.of(["web"]), Query())
    assert [line.text for line in found] == ["a", "b", "d", "f"]
    assert [record.getMessage() for record in caplog.records] == [
        "cannot be read back\n  look elsewhere"]
    assert logs.failed == {("web", 2)}


# Following

@pytest.fixture
def follow(archive, monkeypatch):
    """A function that follows an engine's logs, and gives it a further look at a time."""
    monkeypatch.setattr("kolla.logs.follow.PAUSE", 0.01)

    def begin(engine: Engine, **query):
        sources, asked = Sources(engine, archive), Query(**query)
        known = sources.of(["web"], asked.generation)
        begun = list(sources.written(known, asked))
        return begun, Follower(sources, ["web"], asked).lines(known)

    return begin


def test_what_was_read_already_is_not_followed_once_more(follow):
    engine = Engine(web_g1=[(at(1), "a")])
    engine.running.add("web-g1")
    begun, more = follow(engine)
    engine.logs_of["web-g1"].append((at(2), "b"))
    assert (begun, next(more)) == ([Line(at(1), "web", "a")], Line(at(2), "web", "b"))


def test_stream_goes_on_with_the_next_generation(follow):
    engine = Engine(web_g1=[(at(1), "a")])
    engine.running.add("web-g1")
    _, more = follow(engine)
    engine.logs_of["web-g1"].append((at(2), "b"))
    assert next(more).text == "b"
    engine.running.add("web-g2")
    engine.logs_of["web-g2"] = [(at(3), "c")]
    assert next(more).text == "c"


def test_last_lines_of_a_generation_that_went_meanwhile_come_from_the_archive(follow, archive):
    engine = Engine(web_g1=[(at(1), "a")])
    engine.running.add("web-g1")
    _, more = follow(engine)
    archive.keep("web", 1, [(at(1), "a"), (at(2), "the reason")])
    archive.keep("web", 2, [(at(3), "never seen")])
    del engine.logs_of["web-g1"]
    assert sorted([next(more).text, next(more).text]) == ["never seen", "the reason"]


def test_engine_that_goes_away_is_waited_for(follow, monkeypatch, caplog):
    engine = Engine(web_g1=[(at(1), "a")])
    engine.running.add("web-g1")
    _, more = follow(engine)
    engine.logs_of["web-g1"].append((at(2), "b"))
    assert next(more).text == "b"
    refusals = iter([BackendError("the engine cannot be reached")] * 3)
    seen = engine.observe

    def observe():
        for refusal in refusals:
            raise refusal
        return seen()

    monkeypatch.setattr(engine, "observe", observe)
    engine.logs_of["web-g1"].append((at(3), "c"))
    assert next(more).text == "c"
    told = [record.getMessage() for record in caplog.records]
    assert told in ([], ["the engine cannot be reached; waits for it"])


def test_followed_generation_ends_with_its_container(follow):
    engine = Engine(web_g1=[(at(1), "a")], web_g2=[(at(2), "b")])
    engine.running |= {"web-g1", "web-g2"}
    begun, more = follow(engine, generation=1)
    engine.logs_of["web-g1"].append((at(3), "c"))
    assert next(more).text == "c"
    engine.running.remove("web-g1")
    assert list(more) == []
    assert [line.text for line in begun] == ["a"]


def test_log_that_cannot_be_followed_is_reported_once(follow, caplog):
    engine = Engine(web_g1=[(at(1), "a")])
    engine.logs_of["web-g2"] = UnreadableLog("cannot be read back")
    engine.running |= {"web-g1", "web-g2"}
    _, more = follow(engine)
    for number in range(2, 6):
        engine.logs_of["web-g1"].append((at(number), str(number)))
        assert next(more).text == str(number)
    assert [record.getMessage() for record in caplog.records] == ["cannot be read back"]


def test_archive_can_be_read_with_zcat(archive):
    archive.keep("web", 1, [(at(1), "a")])
    path = archive.folder / "web" / "1.log.gz"
    assert gzip.decompress(path.read_bytes()) == f"{at(1)} a\n".encode()
    assert path.stat().st_mode & 0o777 == 0o600
