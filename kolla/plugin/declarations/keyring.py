"""Keys that are changed one by one, so that what they have signed stays valid."""

import dataclasses

from kolla.plugin.template import Template


@dataclasses.dataclass(frozen=True)
class Keyring:
    """A folder of numbered files, each with a key of a secret of the form ``keys``.

    The highest number signs and encrypts, all of them verify and decrypt, and 0 is *staged*:
    it signs once all hosts know it. ``kolla config rotate`` stages a key, has it sign, and
    drops those before it.
    """

    #: The folder of the keys in the container.
    path: str
    #: ``group.option`` of the secret.
    option: str
    #: The seconds for which what a key has signed is valid. So long a key is kept that signs no
    #: more.
    kept: Template
    #: The folder in which generations of an earlier plugin have made their own, in a volume.
    #: ``kolla config passwords`` takes those over.
    formerly: str = ""
