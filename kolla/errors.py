"""Errors that are an operator's to read: what was wrong, where, and what to do."""

from collections.abc import Iterable


class KollaError(Exception):
    """Something failed. ``hint`` tells what to do about it. Exit code 1."""

    exit_code = 1

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(KollaError):
    """The command line asks for something that does not exist. Exit code 2."""

    exit_code = 2


def said(error: BaseException) -> str:
    """What an error says: the system's words with the file that they are about, not its number."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.strerror}: {error.filename}" if error.filename else error.strerror


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` or nothing: the end of an error about an unknown name."""
    import difflib  # not for a command that finds what it was asked for

    by_lower_case = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower_case, n=1)
    return f"; did you mean {by_lower_case[close[0]]!r}?" if close else ""
