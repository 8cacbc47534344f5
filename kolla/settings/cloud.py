"""The hosts of the cloud, and the files that plugins make of all of them."""

import contextlib
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kolla.errors import KollaError
from kolla.plugin import Container, File
from kolla.plugin.cloud import Listening
from kolla.settings import templates
from kolla.settings.option_values import split
from kolla.settings.problems import Invalid

if TYPE_CHECKING:
    from kolla.settings.loader import Settings


class CloudHost:
    """One host, as its configuration says."""

    def __init__(self, settings: "Settings"):
        self.settings, self.name = settings, settings.host

    def value(self, group: str, option: str) -> Any:
        if self.settings.is_secret(group, option):
            raise KollaError(
                f"[{group}] {option} is a secret",
                "a file that is made of all hosts can have ${group.option} for that of its own",
            )
        return self.settings.value(group, option)

    def mistake(self, group: str, option: str, message: str) -> Invalid:
        unset = str(self.settings.config_dir / "kolla.conf")
        return Invalid([self.settings.blame(group, option, message, unset)])

    def runs(self, container: str) -> bool:
        return container in {each.name for each in self.settings.enabled()}


class SettledCloud:
    """Raises :class:`Invalid` if the file of another host cannot be read."""

    def __init__(self, own: "Settings"):
        self._own = own

    @functools.cached_property
    def _hosts(self) -> list[CloudHost]:
        return [CloudHost(settings) for settings in self._own.hosts.all.values()]

    def hosts(self, container: str = "") -> list[CloudHost]:
        return [host for host in self._hosts if not container or host.runs(container)]

    def listens(self) -> list[Listening]:
        found = [
            Listening(container.name, host.name, listen.address, int(listen.port),
                      listen.balanced, int(listen.proxied) if listen.proxied else None)
            for host in self._hosts for container in host.settings.enabled()
            for listen in host.settings.listens(container)
        ]
        return sorted(found, key=lambda place: (place.container, place.host))


def made(settings: "Settings", container: Container, file: File) -> str:
    """The template that a plugin makes of all hosts for a file.

    Raises :class:`Invalid` if it fails. It names the plugin, unless that names a mistake of an
    operator (:meth:`Host.mistake`).
    """
    if not callable(file.content):
        return file.content or ""
    try:
        text = file.content(settings.cloud)
    except Invalid:
        raise
    except KollaError as error:
        raise _blame(settings, container, file, f"cannot be made: {error.message}") from error
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise _blame(settings, container, file, f"cannot be made: {why}") from error
    if not isinstance(text, str):
        raise _blame(settings, container, file, f"is made of {text!r:.40}, no text")
    return text


def file_options(settings: "Settings") -> Iterator[str]:
    """The options that name files of the containers of this host, as far as these have them."""
    for container in settings.enabled():
        for file in container.files:
            if file.when and not settings.value(*split(file.when)):
                continue
            if file.option:
                yield file.option
            if callable(file.content):
                yield from _named_in(settings, container, file)


def _named_in(settings: "Settings", container: Container, file: File) -> Iterator[str]:
    """The same of one that is made of all hosts. What is wrong with it is told elsewhere."""
    with contextlib.suppress(KollaError):
        for name in templates.references(made(settings, container, file)):
            if name.startswith(templates.FILE):
                yield name.removeprefix(templates.FILE)


def _blame(settings: "Settings", container: Container, file: File, why: str) -> Invalid:
    return Invalid([settings.blame_plugin(container, f"its file {file.path!r} {why}")])
