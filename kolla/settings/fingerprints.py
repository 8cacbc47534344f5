"""Keyed fingerprints: they show that a secret changed without revealing it."""

import functools
import hashlib
import hmac
import pathlib
import secrets
from collections.abc import Mapping

from kolla.files import locked, write_whole
from kolla.plugin import numbered
from kolla.plugin.spec import Spec
from kolla.settings import Settings
from kolla.store.state_dir import StateDir


class Fingerprints:
    """Fingerprints of secrets, with a key that never leaves this host."""

    def __init__(self, settings: Settings, state_dir: pathlib.Path):
        self._settings, self._state_dir = settings, state_dir

    def of(self, spec: Spec) -> dict[str, str]:
        """The fingerprint of each secret that a spec refers to, by name."""
        found = self._settings.secrets_in(spec.texts())
        return {name: self._of_secret(name) for name in found}

    def of_keys(self, name: str, keys: Mapping[int, str]) -> dict[int, str]:
        """The fingerprint of each of the numbered keys of a secret."""
        return {number: self._of(name, key) for number, key in keys.items()}

    def _of_secret(self, name: str) -> str:
        value = self._settings.reveal("${%s}" % name)
        if self._settings.has_keys(name):
            return numbered.joined(self.of_keys(name, numbered.parsed(value)))
        return self._of(name, value)

    def _of(self, name: str, value: str) -> str:
        text = f"{name}={value}".encode(errors="surrogateescape")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:16]

    @functools.cached_property
    def _key(self) -> bytes:
        return key_of(self._state_dir)


def key_of(state_dir: pathlib.Path) -> bytes:
    """The key of this host. Of several commands or threads that ask first, one makes it."""
    places = StateDir(state_dir)
    path = places.fingerprint_key
    if not path.exists():
        with locked(places.locks / path.name):
            if not path.exists():
                write_whole(path, secrets.token_bytes(32))
    return path.read_bytes()
