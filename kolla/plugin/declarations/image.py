"""The image of a container, and where the folder it is built from lies."""

import dataclasses
import pathlib
import sys

from kolla.plugin.releases import Releases
from kolla.plugin.template import Template


@dataclasses.dataclass(frozen=True)
class Image:
    """An image that ``kolla image build`` makes from a folder with a Dockerfile, or pulls.

    The contract between kolla and an image is in the guide "Images".
    """

    name: str
    #: The build context; ``Dockerfile`` lies in it.
    folder: pathlib.Path | None = None
    #: The name of the image it is built on, which its Dockerfile gets as ``PARENT``.
    parent: str | None = "base"
    #: Built once for each release (:class:`Releases`), which the Dockerfile gets as ``RELEASE``.
    per_release: bool = False
    #: The name of an image in which its Dockerfile builds, and which it gets as ``BUILDER``.
    builder: str | None = None
    #: Only the stage ``fetch`` of its Dockerfile has a network: it is built first.
    offline: bool = False
    #: The release of Debian it contains (``bookworm``), which is that of what it is built on.
    #: Empty: the one that kolla's own images contain.
    suite: str = ""
    #: The order of the releases; an installation has one, from whichever image declares it.
    releases: Releases | None = None
    #: Instead of a folder: an image that somebody else built, by its name in a registry with its
    #: digest, ``registry.example:5000/mongo:8.0@sha256:…``. It is built on no image of kolla.
    reference: Template = ""
    #: Options of its containers, ``group.option``, that an image of an earlier kolla would ignore.
    #: One that knows them names them in its label ``kolla.options``, with commas between them;
    #: with any other image, kolla refuses values other than the default.
    options: tuple[str, ...] = ()


def shared_folder(*parts: str) -> pathlib.Path:
    """A folder or file that kolla ships beside its code (``docker/``, ``etc/``).

    In a checkout it is found there, after an installation below ``share/kolla``.
    """
    checkout = pathlib.Path(__file__).resolve().parents[3]
    if (checkout / "docker" / "base" / "Dockerfile").is_file():
        return checkout.joinpath(*parts)
    return pathlib.Path(sys.prefix, "share", "kolla", *parts)
