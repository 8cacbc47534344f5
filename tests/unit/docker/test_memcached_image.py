"""What of memcached services believe: nothing that a stranger wrote."""

import pickle

import pytest
from dogpile.cache.api import NO_VALUE, CachedValue
from dogpile.cache.backends.memory import MemoryBackend

from kolla.catalog.catalog import Catalog
from kolla.plugin import shared_folder

DOCKER = shared_folder("docker")


@pytest.fixture
def keystone(load, monkeypatch):
    """What Keystone keeps its values in, and what is kept in place of memcached."""
    monkeypatch.setenv("KOLLA_CACHE_SECRET", "keystone's alone")
    found = load("keystone", "kolla_cache.py")
    kept: dict = {}
    signed = found.Signed()
    signed.proxied = MemoryBackend({"cache_dict": kept})
    return signed, kept


VALUE = CachedValue({"roles": ["admin"]}, {"ct": 1.0, "v": 2})


def test_keystone_finds_again_what_it_kept(keystone):
    signed, kept = keystone
    signed.set("key", VALUE)
    signed.set_multi({"a": VALUE})
    assert signed.get("key") == VALUE and all(isinstance(text, bytes) for text in kept.values())
    assert signed.get_multi(["a", "b"]) == [VALUE, NO_VALUE]


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("it was run",))


@pytest.mark.parametrize("written", [
    pickle.dumps(Bomb()), bytes(32) + pickle.dumps(Bomb()), b"", "text", 7,
])
def test_keystone_takes_what_others_wrote_for_nothing(keystone, written):
    signed, kept = keystone
    kept["key"] = written
    assert signed.get("key") is NO_VALUE


def test_keystone_takes_no_value_from_under_another_key(keystone):
    signed, kept = keystone
    signed.set("key", VALUE)
    kept["another"] = kept["key"]
    assert signed.get("another") is NO_VALUE


def test_the_client_of_memcached_is_made_to_run_no_pickle(load):
    seal = load("openstack-base", "kolla-seal")
    text = "x\n                val = unpickler.load()\ny\n"
    assert seal.memcached(text) == 'x\n                raise ValueError("a pickle")\ny\n'
    with pytest.raises(SystemExit, match="python-memcached has changed"):
        seal.memcached("another release\n")


def test_every_service_that_validates_tokens_has_what_it_keeps_them_with():
    lacking = [
        f"{pins}: {package}" for container in Catalog.load().containers.values()
        if "OS_KEYSTONE_AUTHTOKEN__MEMCACHED_SERVERS" in container.environment
        and container.image.folder
        for pins in container.image.folder.glob("pins/*.txt")
        for package in ("python-memcached", "cryptography")
        if f"\n{package}==" not in pins.read_text()
    ]
    assert lacking == []
