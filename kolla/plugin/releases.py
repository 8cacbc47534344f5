"""The releases of what images contain, in their order."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Releases:
    """The order of the releases that images with ``per_release`` are built for.

    An upgrade goes to the next release, or from one of ``skip_level`` to the next of these.
    """

    #: The name of the software.
    name: str
    #: The earliest first.
    order: tuple[str, ...]
    #: The release to build and run unless ``[DEFAULT] release`` names another.
    default: str
    #: Releases from which an upgrade may skip all others up to the next of these.
    skip_level: tuple[str, ...] = ()
