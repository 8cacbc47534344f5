"""Text from containers, their clients and other programs, made safe to print."""

import re

#: Control characters of C0 and C1 except tab and newline, and what makes a terminal or an
#: editor show a line in another order than it is in (Trojan Source, CVE-2021-42574).
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """Text that can do nothing to a terminal.

    A control character of ASCII becomes its picture (``␛`` for escape), any other unsafe
    character U+FFFD. Ends of lines become ``\\n``.
    """
    return _UNSAFE.sub(_picture, text.replace("\r\n", "\n"))


def _picture(found: re.Match) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"
