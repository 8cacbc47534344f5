"""What third parties import of kolla."""

import ast
import pathlib
from collections.abc import Iterator

import pytest

import kolla.plugin
import kolla_plugins.openstack

ROOT = pathlib.Path(__file__).parents[3]
PUBLIC = {
    module.__name__: set(module.__all__) for module in (kolla.plugin, kolla_plugins.openstack)
}


def imported(path: pathlib.Path) -> Iterator[tuple[str, set[str]]]:
    """The modules of kolla that a file imports, each with what it takes from there."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "", {name.name for name in node.names}
        elif isinstance(node, ast.Import):
            yield from ((name.name, set()) for name in node.names)


@pytest.mark.parametrize(
    "path", [*ROOT.glob("examples/*/*/*.py")], ids=lambda path: path.parent.name
)
def test_an_example_imports_what_is_public(path):
    taken = {module: names for module, names in imported(path) if module.startswith("kolla")}
    assert taken and taken.keys() <= PUBLIC.keys()
    assert all(names and names <= PUBLIC[module] for module, names in taken.items())


@pytest.mark.parametrize("name", kolla_plugins.openstack.__all__)
def test_what_is_public_for_openstack_is_explained(name):
    thing = getattr(kolla_plugins.openstack, name)
    assert name in (kolla_plugins.openstack.__doc__ or "") or thing.__doc__
