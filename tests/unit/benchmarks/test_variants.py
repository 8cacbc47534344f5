"""Unit tests of the containers that only benchmarks declare."""

import dataclasses

from kolla.catalog.catalog import Catalog
from tests.benchmarks import variants
from tests.unit.support.plugins import plugin


def test_variants_are_usable_beside_the_containers_that_they_copy():
    things = (
        variants.VARIANTS, variants.KEYSTONE_REPLACED, variants.GLANCE_API_REPLACED,
    )
    own = Catalog.load()
    installed = [plugin(thing) for thing in (*own.sets.values(), *own.containers.values())]
    images = [plugin(image) for image in own.images.values()]
    made = Catalog([*installed, *images, *(plugin(thing, "variants") for thing in things)])
    assert made.errors == []
    assert {"keystone-replaced", "glance-api-replaced"} <= set(made.containers)


def test_variants_differ_in_what_replaces_them_only():
    copied = dataclasses.asdict(variants.KEYSTONE_REPLACED)
    original = dataclasses.asdict(variants.KEYSTONE)
    different = {name for name, value in copied.items() if value != original[name]}
    assert different == {"name", "parent", "strategy", "volumes"}
