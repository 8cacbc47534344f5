"""Signs what Keystone keeps in memcached: whoever else writes to it is not believed."""

import hashlib
import hmac
import os
import pickle

from dogpile.cache.api import NO_VALUE
from dogpile.cache.proxy import ProxyBackend

KEY = os.environ["KOLLA_CACHE_SECRET"].encode()


class Signed(ProxyBackend):
    """Values as bytes that begin with their signature; a wrong one counts as no value."""

    def get(self, key):
        return opened(key, self.proxied.get(key))

    def get_multi(self, keys):
        return [opened(*item) for item in zip(keys, self.proxied.get_multi(keys))]

    def set(self, key, value):
        self.proxied.set(key, sealed(key, value))

    def set_multi(self, mapping):
        self.proxied.set_multi({key: sealed(key, value) for key, value in mapping.items()})


def sealed(key, value):
    content = pickle.dumps(value)
    return signature(key, content) + content


def opened(key, found):
    if not isinstance(found, bytes):
        return NO_VALUE
    size = hashlib.sha256().digest_size
    given, content = found[:size], found[size:]
    if not hmac.compare_digest(given, signature(key, content)):
        return NO_VALUE
    return pickle.loads(content)


def signature(key, content):
    name = key if isinstance(key, bytes) else key.encode()
    return hmac.digest(KEY, len(name).to_bytes(4) + name + content, "sha256")
