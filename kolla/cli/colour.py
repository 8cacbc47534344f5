"""Colours for the words that tell how something is."""

import os
import re
from typing import TextIO

_GREEN, _YELLOW, _RED, _DIM = 32, 33, 31, 2
_CODES = {
    **dict.fromkeys(("healthy", "done", "current", "ok", "running", "built"), _GREEN),
    **dict.fromkeys(("degraded", "starting", "maintenance", "paused", "pinned", "interrupted",
                     "warning", "outdated", "rolled back", "not begun"), _YELLOW),
    **dict.fromkeys(("unhealthy", "failed", "refused", "missing", "broken", "blocked"), _RED),
    **dict.fromkeys(("unknown", "stopped", "absent", "disabled", "unchanged", "-"), _DIM),
}
_PAINT = re.compile("\033\\[[0-9]+m")


def wanted(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours, and nobody forbids them (NO_COLOR)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(word: str, text: str = "") -> str:
    """A text in the colour of a word, by default the word itself."""
    code = _CODES.get(word)
    return f"\033[{code}m{text or word}\033[0m" if code else text or word


def plain(text: str) -> str:
    """A text without the colours of :func:`painted`."""
    return _PAINT.sub("", text)
