"""The name of an image that somebody else built, in a registry."""

import re

from kolla.errors import KollaError
from kolla.plugin import Image
from kolla.settings.loader import Settings

#: The registry, the name, the tag and the digest of a reference, as docker reads them.
_FORM = re.compile(
    r"(?P<name>[a-zA-Z0-9][a-zA-Z0-9._-]*(:\d+)?(/[a-z0-9._-]+)*)(:(?P<tag>\w[\w.-]{0,127}))?"
    r"(@(?P<digest>sha256:[0-9a-f]{64}))?", re.ASCII,
)


def reference(settings: Settings, image: Image) -> str:
    """What is to be pulled; KollaError unless a digest says what is in it, or none is needed."""
    text = settings.render(image.reference)
    found = _FORM.fullmatch(text)
    if not text or found is None:
        raise KollaError(
            f"{text!r} names no image of a registry, for {image.name}" if text
            else f"no image of a registry is named for {image.name}",
            "name one with its digest, as REGISTRY/NAME:TAG@sha256:…",
        )
    if not found["digest"] and not settings.value("images", "allow_tags"):
        raise KollaError(
            f"{text} has no digest, so what is in it may change",
            "`docker pull` prints the digest: add @sha256:…, or set [images] allow_tags",
        )
    return text


def is_named(settings: Settings, image: Image) -> bool:
    """Whether there is something that may be pulled."""
    try:
        return bool(reference(settings, image))
    except KollaError:
        return False


def version(reference: str) -> str:
    """Its tag, else the beginning of its digest."""
    found = _FORM.fullmatch(reference)
    assert found  # by :func:`reference`
    return found["tag"] or (found["digest"] or "latest")[:19]


def registry(reference: str) -> str:
    """The host of its registry, with the port; that of Docker unless it names another."""
    host, slash, _ = reference.partition("/")
    return host if slash and (set(host) & {".", ":"} or host == "localhost") else "docker.io"
