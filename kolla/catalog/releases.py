"""The order of OpenStack's releases: two a year, of which the first is a SLURP.

Source: OpenStack's release cadence adjustment (skip-level upgrade release process).
"""

import re

from kolla.errors import UsageError


def parse(release: str) -> tuple[int, int]:
    """``2026.1`` as (2026, 1)."""
    match = re.fullmatch(r"(\d{4})\.([12])", release)
    if not match:
        raise UsageError(f"'{release}' is not an OpenStack release", "they look like 2026.1")
    return int(match[1]), int(match[2])


def earlier(one: str, other: str) -> bool:
    """Whether one release came before another."""
    return parse(one) < parse(other)


def earlier_version(one: str, other: str) -> bool:
    """Whether one version of a software came before another."""
    return _numbers(one) < _numbers(other)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def refuse_jump(old: str, new: str) -> str:
    """Why an upgrade from ``old`` to ``new`` is refused; empty if it is not."""
    (old_year, old_half), (new_year, new_half) = parse(old), parse(new)
    steps = 2 * (new_year - old_year) + new_half - old_half
    if steps < 0:
        return f"{new} is older than {old}"
    if steps <= 1 or (steps == 2 and old_half == new_half == 1):
        return ""
    between = f"{old_year}.2" if old_half == 1 else f"{old_year + 1}.1"
    return f"{old} cannot go to {new} in one step: upgrade to {between} first"
