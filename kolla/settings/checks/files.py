"""Files that are exposed, missing or malformed."""

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from kolla.errors import KollaError
from kolla.plugin import Container, File, template
from kolla.plugin.declarations.hosts import EachHost
from kolla.settings import services
from kolla.settings.cloud import file_options, made
from kolla.settings.loader import Settings
from kolla.settings.option_values import split
from kolla.settings.problems import Invalid, Problem
from kolla.settings.sources import Origin, normal_group


def exposed_secrets(settings: Settings) -> Iterator[Problem]:
    """Files with a secret that users other than their owner can read."""
    for file in settings.sources.files:
        mode = file.path.stat().st_mode & 0o777
        if mode & 0o077:
            for item in file.assignments:
                if _holds_secret(settings, item):
                    yield item.problem(
                        f"[{item.group}] {item.option} is a secret, but the mode of this file "
                        f"is {mode:04o}; chmod 600 {file.path}"
                    )
                    break


def _holds_secret(settings: Settings, item: Origin) -> bool:
    owner, section = services.split(item.group)
    if section:
        return bool(item.text) and settings.hides(owner, section, item.option, item.text)
    names = settings.options_by_file_name.get(normal_group(item.group), {})
    _, opt = names.get(item.option, ("", None))
    if opt is None or not opt.secret or not item.text:
        return False
    # An optional secret has credentials only as a part of a URL.
    return opt.default is None or "@" in item.text


def missing(settings: Settings) -> Iterator[Problem]:
    """Files that options name and this host lacks; those that kolla makes are counted."""
    made = {f"{container.certificate.group}.{option}"
            for container in settings.enabled() if container.certificate
            for option in ("certificate", "key", "authority")}
    to_make = []
    for name in dict.fromkeys(["images.ca_bundle", *file_options(settings)]):
        group, option = split(name)
        if not settings.has(group, option):
            continue
        path = settings.value(group, option)
        if not path or Path(path).is_file():
            continue
        if name in made and settings.origin(group, option) is None:
            to_make.append(path)
        else:
            yield settings.blame(group, option, f"there is no file {path}")
    if to_make:
        others = f", and {len(to_make) - 1} more" if to_make[1:] else ""
        yield settings.blame("certificates", "folder", f"there is no file {to_make[0]}{others};"
                             " `kolla config certificates` makes what is missing")


def hook_command(settings: Settings) -> Iterator[Problem]:
    """The executable of the hook ``command``, if that hook is enabled."""
    if "command" not in settings.value("hooks", "enabled"):
        return
    try:
        command = shlex.split(settings.value("hooks", "command"))
    except ValueError as error:
        yield settings.blame("hooks", "command", f"cannot be split into words: {error}")
        return
    if not command:
        yield settings.blame("hooks", "enabled", "the hook 'command' needs [hooks] command")
    elif shutil.which(command[0]) is None:
        yield settings.blame("hooks", "command", f"there is no executable {command[0]}")


def malformed_templates(settings: Settings) -> Iterator[Problem]:
    """Texts of plugins that are malformed or name an unknown option."""
    for container in settings.enabled():
        for text in template.texts(container):
            yield from _malformed(settings, container, text)
        for group, opt in _described(container):
            name = "" if opt.secret else f"[{group}] {opt.dest}"
            yield from _malformed(settings, container, opt.text, name)
        for file in container.files:
            yield from _made(settings, container, file)
            for name in filter(None, (file.option, file.when)):
                if not settings.has(*split(name)):
                    yield settings.blame_plugin(container, f"there is no option {name}")


def _made(settings: Settings, container: Container, file: File) -> Iterator[Problem]:
    """The problems of a file that is made of all hosts, or of one of these."""
    try:
        if callable(file.content):
            settings.render(made(settings, container, file))
    except Invalid as error:
        yield from error.problems
    except KollaError as error:
        yield settings.blame_plugin(container, f"its file {file.path!r}: {error.message}")


def _malformed(
    settings: Settings, container: Container, text: str, not_secret: str = ""
) -> Iterator[Problem]:
    try:
        secrets = settings.references(settings.render(text))
    except Invalid:
        return  # a wrong value of the option is reported elsewhere
    except KollaError as error:
        yield settings.blame_plugin(container, f"{error.message} in {text!r}")
        return
    if not_secret and secrets:
        message = f"its option {not_secret} takes in the secret {secrets[0]}: it is one as well"
        yield settings.blame_plugin(container, message)


def _described(container: Container) -> Iterator[tuple[str, EachHost]]:
    """Its options of each host, with their groups."""
    for group, opts in container.options.items():
        yield from ((group, opt) for opt in opts if isinstance(opt, EachHost))
