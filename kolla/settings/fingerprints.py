"""Keyed fingerprints: they show that a secret changed without revealing it."""

import functools
import hashlib
import hmac
import pathlib
import secrets

from kolla.files import write_whole
from kolla.plugin.spec import Spec
from kolla.settings import Settings
from kolla.store.state_dir import StateDir


class Fingerprints:
    """Fingerprints of secrets, with a key that never leaves this host."""

    def __init__(self, settings: Settings, state_dir: pathlib.Path):
        self._settings, self._path = settings, StateDir(state_dir).fingerprint_key

    def of(self, spec: Spec) -> dict[str, str]:
        """The fingerprint of each secret that a spec refers to, by name."""
        found = {
            name for text in spec.texts() for name in self._settings.references(text)
            if name not in self._settings.taken_out(text)
        }
        return {name: self._of_secret(name) for name in sorted(found)}

    def _of_secret(self, name: str) -> str:
        value = self._settings.reveal("${%s}" % name)
        text = f"{name}={value}".encode(errors="surrogateescape")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:16]

    @functools.cached_property
    def _key(self) -> bytes:
        if not self._path.exists():
            write_whole(self._path, secrets.token_bytes(32))
        return self._path.read_bytes()
