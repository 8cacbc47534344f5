"""Prune removes images that nothing needs, and never one that a rollback needs."""

from hypothesis import given
from hypothesis import strategies as st

from kolla.images import prune
from kolla.plugin.reports import ImageFacts

TAGS = st.sampled_from([
    "kolla/keystone:2025.2", "kolla/keystone:2026.1", "kolla/base:trixie", "mine/keystone:1",
    "kolla-generation/keystone:3", "kolla-generation/keystone:4", "<none>:<none>",
    "kolla-trial/keystone:2025.2",
])
IMAGES = st.lists(
    st.builds(ImageFacts, id=st.sampled_from(["sha256:a", "sha256:b", "sha256:c"]), reference=TAGS)
)
WANTED = {"kolla/base:trixie", "kolla/keystone:2026.1"}


def unneeded(images, generations=frozenset()):
    return prune.unneeded(images, "kolla", WANTED, set(generations))


@given(IMAGES, st.sets(st.sampled_from(["sha256:a", "sha256:b", "sha256:c"])))
def test_what_a_generation_or_the_configuration_needs_stays(images, generations):
    kept = {facts.id for facts in images if facts.reference.startswith("kolla-generation/")}
    for removal in unneeded(images, generations):
        assert removal.image_id not in kept | generations
        assert removal.tag not in WANTED
        assert not removal.tag.startswith("kolla-generation/")


@given(IMAGES)
def test_images_of_others_stay(images):
    ours = ("kolla/", "kolla-trial/")
    assert all(not removal.tag or removal.tag.startswith(ours) for removal in unneeded(images))


def test_old_releases_and_replaced_builds_go():
    images = [
        ImageFacts("sha256:a", "kolla/keystone:2025.2"), ImageFacts("sha256:b", "<none>:<none>"),
        ImageFacts("sha256:c", "kolla/keystone:2026.1"),
    ]
    assert [(removal.tag, removal.image_id) for removal in unneeded(images)] == [
        ("kolla/keystone:2025.2", "sha256:a"), ("", "sha256:b"),
    ]


def test_what_a_killed_build_left_goes():
    left = ImageFacts("sha256:a", "kolla-trial/keystone:2026.1")
    assert [(removal.tag, removal.reason) for removal in unneeded([left])] == [
        ("kolla-trial/keystone:2026.1", "left by a build that was killed"),
    ]


def test_a_replaced_build_that_a_generation_runs_stays():
    images = [
        ImageFacts("sha256:a", "<none>:<none>"),
        ImageFacts("sha256:b", "<none>:<none>"),
        ImageFacts("sha256:b", "kolla-generation/keystone:4"),
    ]
    assert [removal.image_id for removal in unneeded(images)] == ["sha256:a"]
