"""Whose turn comes first, and which releases may stand beside each other.

A container is never of a later release than one that it follows: it is upgraded after that one
and rolled back before it.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from kolla.catalog import releases
from kolla.catalog.catalog import Catalog
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.plans.observe import recorded
from kolla.plans.plan import Kind, Plan
from kolla.store.locks import Held, Move

#: Actions that begin with the dependants and end with what they need.
BACKWARDS = (Kind.STOP, Kind.DELETE, Kind.ROLLBACK)
#: Actions that change releases.
MOVES = (Kind.UPGRADE, Kind.ROLLBACK)


def turns(
    catalog: Catalog, kind: Kind, names: set[str], back: bool = False
) -> dict[str, set[str]]:
    """By container: those of ``names`` that come before it, even if only because of another one.

    ``back``: whether an upgrade leads to an earlier release.
    """
    found = catalog.before if kind in MOVES else catalog.required
    before = {name: found(name) & names for name in names}
    if kind not in BACKWARDS and not back:
        return before
    return {name: {other for other in names if name in before[other]} for name in names}


def go_back(deployment: Deployment, plans: Mapping[str, Plan]) -> bool:
    """Whether any of the plans leads to an earlier release."""
    wanted, order = _wanted(plans), deployment.catalog.release_order
    now = _releases(deployment, wanted)
    return any(
        name in now and releases.earlier(order, release, now[name])
        for name, release in wanted.items()
    )


def in_turn(plans: Mapping[str, Plan], before: Mapping[str, set[str]]) -> dict[str, Plan]:
    """The plans in the order in which they are carried out, each with ``begins_after``."""
    at_work = {name for name, plan in plans.items() if plan.operations}
    ordered = sorted(plans, key=lambda name: len(before[name]))
    told = {}
    for name in ordered:
        mine = before[name] & at_work if name in at_work else set()
        further = {other for one in mine for other in before[one]}
        told[name] = dataclasses.replace(plans[name], begins_after=tuple(sorted(mine - further)))
    return told


def refusals(deployment: Deployment, plans: Mapping[str, Plan]) -> dict[str, KollaError]:
    """By container: why its plan must not be carried out, even with all the others."""
    catalog, wanted = deployment.catalog, _wanted(plans)
    related = _related(catalog, wanted)
    if not related:
        return {}
    now = _releases(deployment, {*wanted, *related})
    found = {
        name: _refusal(catalog, name, now | wanted)
        for name, release in wanted.items() if now.get(name) != release
    }
    return {name: error for name, error in found.items() if error}


def enter(deployment: Deployment, plan: Plan, held: Held) -> None:
    """Raise :class:`KollaError` if the plan must not be carried out now; else show where it leads.

    That is one step: of two commands that would break the order together, the second one is
    refused while the first one is at work. ``held`` is the lock of the plan's container.
    """
    name = plan.container
    release = _wanted({name: plan}).get(name)
    related = _related(deployment.catalog, {name}) if release else set()
    if not release or not related:
        return
    with deployment.locks.deciding():
        # Before what is on record is read: by then it holds what has ended meanwhile.
        moves = deployment.locks.moves(sorted(related))
        if disorder := refusals(deployment, {name: plan}):
            raise disorder[name]
        _refuse_clash(deployment.catalog, name, release, moves)
        held.show(release)


def _refuse_clash(
    catalog: Catalog, name: str, release: str, moves: Mapping[str, Move]
) -> None:
    for other, move in moves.items():
        if _refusal(catalog, name, {name: release, other: move.release}):
            raise KollaError(
                f"{name} cannot go to {release} while {other} goes to {move.release}:"
                f" {move.holder}",
                "wait until that has ended, then again",
            )


def taken_along(deployment: Deployment, name: str, release: str) -> dict[str, int | None]:
    """Followers that have to go back before a container does, and the generation of each.

    That is the newest one of this release or an earlier one; None if there is none.
    """
    found: dict[str, int | None] = {}
    order = deployment.catalog.release_order
    now = _releases(deployment, deployment.catalog.followers(name) if release else ())
    for follower, its in sorted(now.items()):
        if releases.earlier(order, release, its):
            numbers = [
                number for number, generation in recorded(deployment, follower).generations.items()
                if generation.committed and generation.kept and generation.snapshot.release
                and not releases.earlier(order, release, generation.snapshot.release)
            ]
            found[follower] = max(numbers, default=None)
    return found


def _related(catalog: Catalog, names: Iterable[str]) -> set[str]:
    """All that these containers follow, and all that follow them."""
    return {other for name in names for other in catalog.followed(name) | catalog.followers(name)}


def _wanted(plans: Mapping[str, Plan]) -> dict[str, str]:
    """The releases that these plans lead to."""
    return {
        name: plan.spec.release for name, plan in plans.items() if plan.spec and plan.spec.release
    }


def _releases(deployment: Deployment, names: Iterable[str]) -> dict[str, str]:
    """The release of each container that exists on this host, as it is on record."""
    store = deployment.store
    current = {name: store.find(name, store.container(name).serving) for name in names}
    releases_of = {name: known.snapshot.release for name, known in current.items() if known}
    return {name: release for name, release in releases_of.items() if release}


def _refusal(catalog: Catalog, name: str, then: Mapping[str, str]) -> KollaError | None:
    for other in sorted(catalog.followed(name) & set(then)):
        if releases.earlier(catalog.release_order, then[other], then[name]):
            return KollaError(
                f"{name} cannot go to {then[name]}: {other}, which it follows, is of "
                f"{then[other]}",
                f"upgrade {other} first, or both in one command",
            )
    for other in sorted(catalog.followers(name) & set(then)):
        if releases.earlier(catalog.release_order, then[name], then[other]):
            return KollaError(
                f"{name} cannot go to {then[name]} alone: {other}, which follows it, is of "
                f"{then[other]}",
                f"`kolla container rollback {other} {name}` takes both back",
            )
    return None
