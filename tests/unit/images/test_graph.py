"""Parents are built before children, and one failure hides nothing else."""

import dataclasses
import pathlib
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolla.catalog import naming
from kolla.catalog.naming import ROOT
from kolla.errors import KollaError, UsageError
from kolla.images import graph
from kolla.plugin import Image

FOLDER = pathlib.Path("/nowhere")


def image(
    name: str, parent: str | None = ROOT, per_release: bool = False, builder: str | None = None,
    suite: str = "",
) -> Image:
    return Image(name, FOLDER, parent, per_release, builder, suite=suite)


def mapping(*images: Image) -> dict[str, Image]:
    return {each.name: each for each in images}


TREE = mapping(
    image("base"), image("openstack-base", "base"), image("mariadb", "base"),
    image("keystone", "openstack-base", True), image("glance-api", "openstack-base", True),
)


@dataclasses.dataclass(frozen=True)
class Made:
    name: str
    usable: bool = True
    culprit: str = ""


def walk(images, failing=(), jobs=2, make=None, stop=lambda: None):
    """The results, and the order in which images were begun."""
    begun = []

    def made(name):
        begun.append(name)
        return Made(name, name not in failing)

    results = graph.walk(
        images, make or made, lambda name, culprit: Made(name, False, culprit), jobs, stop
    )
    return results, begun


def test_an_image_that_is_pulled_waits_for_none():
    pulled = Image("theirs", reference="mongo@sha256:0a")
    assert walk([pulled])[1] == ["theirs"]
    assert walk([pulled, image("base")])[1] == [ROOT, "theirs", "base"]


@st.composite
def trees(draw) -> list[Image]:
    """Images in an order in which all bases come first, as with_bases returns them."""
    images: list[Image] = []
    for number in range(draw(st.integers(0, 12))):
        names = st.sampled_from([ROOT, *(each.name for each in images)])
        images.append(image(f"i{number}", draw(names), builder=draw(st.none() | names)))
    return images


def ancestors(images: list[Image], name: str) -> set[str]:
    bases = {ROOT: (), **{each.name: graph.bases(each) for each in images}}
    return {above for base in bases[name] for above in (base, *ancestors(images, base))}


@given(trees(), st.integers(1, 4))
def test_every_image_is_built_once_and_after_what_it_is_built_on(images, jobs):
    results, begun = walk(images, jobs=jobs)
    assert sorted(begun) == sorted([ROOT, *(each.name for each in images)])
    for each in images:
        assert all(begun.index(base) < begun.index(each.name) for base in graph.bases(each))
    assert all(result.usable for result in results.values())


@given(trees(), st.data())
def test_a_failure_skips_its_descendants_and_nothing_else(images, data):
    names = [ROOT, *(each.name for each in images)]
    failing = data.draw(st.sets(st.sampled_from(names)))
    results, begun = walk(images, failing)
    for each in images:
        broken = ancestors(images, each.name) & failing
        assert (each.name in begun) == (not broken)
        assert (results[each.name].culprit in broken) if broken else not results[each.name].culprit
    assert list(results) == names


def test_siblings_are_built_beside_one_another():
    both = threading.Barrier(2, timeout=10)

    def make(name):
        if name != ROOT:
            both.wait()
        return Made(name)

    results, _ = walk([image("a"), image("b")], make=make)
    assert all(result.usable for result in results.values())


def test_an_interrupt_stops_what_runs_and_tells_what_is_done():
    stopped = threading.Event()

    def make(name):
        if name == ROOT:
            return Made(name)
        if name == "a":
            threading.Timer(0.1, ctrl_c).start()
        stopped.wait(10)
        return Made(name, usable=False)

    results, _ = walk([image("a"), image("b"), image("c", "a")], make=make, stop=stopped.set)
    assert results[ROOT].usable
    assert [results[name].usable for name in "abc"] == [False] * 3


def ctrl_c():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def test_an_image_brings_its_parents_along_in_order():
    found = [each.name for each in graph.with_bases(TREE, ["keystone", "mariadb", "keystone"])]
    assert found == ["base", "openstack-base", "keystone", "mariadb"]


def test_an_image_brings_along_the_one_in_which_it_is_built():
    images = {**TREE, **mapping(image("tools"), image("nova", "base", builder="tools"))}
    assert [each.name for each in graph.with_bases(images, ["nova"])] == ["base", "tools", "nova"]


def test_an_unknown_image_is_answered_with_the_nearest_name():
    with pytest.raises(UsageError, match="'keystne'.*did you mean 'keystone'"):
        graph.with_bases(TREE, ["keystne"])


def test_an_image_for_all_releases_cannot_be_built_on_one_that_differs():
    images = {**TREE, **mapping(image("plugin", "keystone"))}
    with pytest.raises(KollaError, match="'plugin'.*'keystone'"):
        graph.with_bases(images, ["plugin"])


def test_images_of_another_release_of_debian_have_a_root_of_their_own():
    older = [image("old-base", suite="bookworm"), image("bridge", "old-base", suite="bookworm")]
    images = mapping(*TREE.values(), *older)
    assert graph.roots(images.values()) == ["debian", "debian:bookworm"]
    found = graph.with_bases(images, ["bridge"])
    assert [each.name for each in found] == ["old-base", "bridge"]
    _, begun = walk(found)
    assert begun == ["debian:bookworm", "old-base", "bridge"]


def test_an_image_is_named_by_its_release_or_by_that_of_debian():
    assert naming.reference(image("base"), "2026.1", "kolla") == "kolla/base:trixie"
    old = image("old-base", suite="bookworm")
    assert naming.reference(old, "2026.1", "kolla") == "kolla/old-base:bookworm"
    assert naming.root_reference("kolla", graph.parent(old)) == "kolla/debian:bookworm"
    assert naming.root_reference("kolla") == "kolla/debian:trixie"
