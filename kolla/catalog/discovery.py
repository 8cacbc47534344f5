"""Finds plugins through entry points, with stevedore.

stevedore keeps the entry points of an environment in a cache whose time stamps are 128
seconds coarse, so that a plugin installed just now can stay invisible. Every run of kolla
scans instead, which takes about three milliseconds and, unlike the cache, says which
distribution declares an entry point.
"""

import collections
import dataclasses
import functools
import importlib
import importlib.metadata
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from stevedore import extension

from kolla.errors import KollaError

#: The distribution whose plugins win over others of the same name.
KOLLA = "kolla-host"


@dataclasses.dataclass(frozen=True)
class Plugin:
    """The object that an entry point leads to."""

    namespace: str
    name: str
    distribution: str
    thing: Any


@dataclasses.dataclass(frozen=True)
class PluginError:
    """Why the catalog leaves out a plugin."""

    namespace: str
    name: str
    distribution: str
    message: str

    def __str__(self) -> str:
        return (
            f"plugin {self.name!r} ({self.namespace}) of distribution "
            f"{self.distribution!r}: {self.message}"
        )


def distribution_of(entry_point: importlib.metadata.EntryPoint) -> str:
    return _name(entry_point.dist) if entry_point.dist else "unknown"


@functools.cache
def _name(distribution: importlib.metadata.Distribution) -> str:
    return distribution.name  # reads and parses a file each time


def entry_points(namespace: str) -> importlib.metadata.EntryPoints:
    return _scan(tuple(sys.path)).get(namespace, importlib.metadata.EntryPoints())


@functools.cache
def _scan(path: tuple[str, ...]) -> Mapping[str, importlib.metadata.EntryPoints]:
    """kolla's entry points by their group; files without any, which are most, are not parsed."""
    names = set()
    groups: dict[str, list[importlib.metadata.EntryPoint]] = collections.defaultdict(list)
    for distribution in importlib.metadata.distributions():
        try:
            if "[kolla." not in (distribution.read_text("entry_points.txt") or ""):
                continue
            name = distribution.name
            if name in names:
                continue
            names.add(name)
            # Of two with one name, the one that Python imports from counts.
            first = next(iter(importlib.metadata.distributions(name=name)), distribution)
            for entry_point in first.entry_points:
                groups[entry_point.group].append(entry_point)
        except Exception as error:  # a file can be broken in many ways
            raise KollaError(
                f"the entry points of the distribution {distribution.name!r} cannot be read: "
                f"{error}", "no command can be found before it is installed again, or removed",
            ) from error
    return {name: importlib.metadata.EntryPoints(group) for name, group in groups.items()}


def look_again() -> None:
    """Find plugins that were installed or removed since the process began.

    A module that is imported already stays as it is.
    """
    _scan.cache_clear()
    _name.cache_clear()
    importlib.invalidate_caches()


class _Manager(extension.ExtensionManager[Any]):
    """Loads one namespace, or a single entry point of it."""

    def __init__(self, namespace: str, only: str | None = None):
        self.only = only
        self.errors: list[PluginError] = []
        super().__init__(namespace, on_load_failure_callback=self._failed)

    def list_entry_points(self) -> list[importlib.metadata.EntryPoint]:
        found = entry_points(self.namespace)
        return sorted(
            (entry_point for entry_point in found if self.only in (None, entry_point.name)),
            key=lambda entry_point: (entry_point.name, distribution_of(entry_point)),
        )

    def _load_one_plugin(
        self, entry_point: importlib.metadata.EntryPoint, *arguments: Any
    ) -> extension.Extension[Any] | None:
        try:
            return super()._load_one_plugin(entry_point, *arguments)
        except (AssertionError, SystemExit) as error:  # stevedore does not catch these two
            raise ImportError(f"{type(error).__name__}: {error}") from error

    def _failed(
        self, manager: object, entry_point: importlib.metadata.EntryPoint, error: BaseException
    ) -> None:
        message = f"cannot be imported from {entry_point.value}: {error or type(error).__name__}"
        self.errors.append(
            PluginError(self.namespace, entry_point.name, distribution_of(entry_point), message)
        )


def load(namespace: str, only: str | None = None) -> tuple[list[Plugin], list[PluginError]]:
    """The plugins of a namespace, sorted by name, and those that failed to import."""
    manager = _Manager(namespace, only)
    plugins = [
        Plugin(namespace, found.name, distribution_of(found.entry_point), found.plugin)
        for found in manager
    ]
    return plugins, manager.errors


def unforeseen(error: BaseException, ours: str) -> str:
    """The message for an unforeseen error; ``ours`` if no plugin is to blame."""
    plugin = _culprit(error)
    whose = f"{plugin} failed" if plugin else ours
    return f"{whose}: {type(error).__name__}: {error}"


def _culprit(error: BaseException) -> str:
    """The third-party plugin in the traceback of an error; empty if there is none."""
    everything = _scan(tuple(sys.path))
    theirs = [
        found for group, members in everything.items() if group.startswith("kolla.")
        for found in members if distribution_of(found) != KOLLA
    ]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "")
        package = module.partition(".")[0]
        near = [found for found in theirs if found.module.partition(".")[0] == package]
        if near:
            best = next((found for found in near if found.module == module), near[0])
            return f"plugin {best.name!r} of {distribution_of(best)!r}"
    return ""


def version() -> str:
    """The version of kolla that is installed."""
    return importlib.metadata.version(KOLLA)


def names(namespace: str) -> list[str]:
    """The names in a namespace, without importing anything."""
    return sorted(entry_points(namespace).names)
