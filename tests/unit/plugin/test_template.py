"""What is a template says its type, at any depth."""

import dataclasses
from collections.abc import Mapping

from kolla.plugin.template import Template, rendered, texts


@dataclasses.dataclass(frozen=True)
class Leaf:
    plain: str
    text: Template
    maybe: Template | None = None


@dataclasses.dataclass(frozen=True)
class Tree:
    leaf: Leaf
    leaves: tuple[Leaf, ...]
    by_name: Mapping[str, Template]
    grouped: Mapping[str, tuple[Leaf, ...]]
    none: Leaf | None = None
    number: int = 5


TREE = Tree(Leaf("x", "a"), (Leaf("x", "b", "c"),), {"x": "d"}, {"x": (Leaf("x", "e"),)})


def test_each_template_is_rendered_and_nothing_else():
    assert rendered(TREE, str.upper) == Tree(
        Leaf("x", "A"), (Leaf("x", "B", "C"),), {"x": "D"}, {"x": (Leaf("x", "E"),)}
    )
    assert rendered((Leaf("x", "a"), "b"), str.upper) == (Leaf("x", "A"), "b")


def test_all_templates_are_found():
    assert texts(TREE) == ["a", "b", "c", "d", "e"]
