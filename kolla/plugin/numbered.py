"""Numbered keys, as the text of a secret has them: ``0:KEY,1:KEY``."""

from collections.abc import Mapping

#: The number of a key that does not sign yet.
STAGED = 0


def parsed(text: str) -> dict[int, str]:
    """The keys by their numbers, in order. Raises ValueError if that is not what they are."""
    keys: dict[int, str] = {}
    for item in text.split(","):
        number, colon, key = item.strip().partition(":")
        if not (colon and key and number.isdecimal() and number.isascii()) or int(number) in keys:
            raise ValueError("they should be NUMBER:KEY,NUMBER:KEY")
        keys[int(number)] = key
    if max(keys) == STAGED:
        raise ValueError("none of them signs")
    return dict(sorted(keys.items()))


def joined(keys: Mapping[int, str]) -> str:
    """The reverse."""
    return ",".join(f"{number}:{key}" for number, key in sorted(keys.items()))


def signing(keys: Mapping[int, str]) -> str:
    """The one with the highest number."""
    return keys[max(keys)]
