"""What containers and their clients say can do nothing to a terminal."""

import json
import struct

import pytest

from kolla.backends.docker import answers, log
from kolla.images import run
from kolla.text import harmless

#: A title, the clipboard (OSC 52), a cleared screen, and what turns a line round.
TRICKS = "a\x1b]0;title\x07b\x1b]52;c;cm0=\x07\x1b[2J\x9b31m\x7f\u202etxt.exe\u2066"


@pytest.mark.parametrize("text, shown", [
    ("\x1b[31mred", "␛[31mred"),
    ("a\x00b\x07c\x08d", "a␀b␇c␈d"),
    ("\x7f\x9b31m\x85", "␡�31m�"),
    ("bank\u202egro.live\u2069", "bank�gro.live�"),
    ("one\r\ntwo\rthree", "one\ntwo␍three"),
    ("a\u2028b", "a�b"),
    ("\ttab\nnewline é ñ 日本 👩\u200d🚀", "\ttab\nnewline é ñ 日本 👩\u200d🚀"),
])
def test_what_could_steer_a_terminal_is_only_shown(text, shown):
    assert harmless(text) == shown


def test_harmless_text_stays_as_it_is_the_second_time():
    assert harmless(harmless(TRICKS)) == harmless(TRICKS)


def tricks_in(text: str) -> set[str]:
    return {character for character in text if not character.isprintable()}


def test_output_of_a_command_is_harmless():
    assert not tricks_in(answers.text(TRICKS.encode()))


def test_line_of_a_log_is_harmless_and_takes_one_line():
    line = f"2026-05-01T12:00:00.0Z {TRICKS}\u2028forged\n".encode()
    ((_, text),) = log.lines([struct.pack(">BxxxL", 1, len(line)) + line])
    assert not tricks_in(text) and len(text.splitlines()) == 1
    assert json.loads(json.dumps(text)) == text


def test_what_a_build_says_is_harmless():
    assert not tricks_in(run.message(f"#9 1.234 {TRICKS}"))
