"""What authors of OpenStack services are told of the images: all of it, and nothing else."""

import pathlib
import re
import tomllib

from kolla.plugin import shared_folder

ROOT = pathlib.Path(__file__).parents[3]
PAGE = ROOT / "doc/source/openstack-services.rst"
DOCKER = shared_folder("docker")
#: What their images are built on.
IMAGES = [DOCKER / name for name in ("base", "openstack-base", "openstack-builder",
                                     "openstack-wsgi")]
#: One with an ellipsis stands for all that begin like it.
VARIABLE = re.compile(r"\bKOLLA_[A-Z_]*(?:[A-Z](?![A-Z_])|_\.\.\.)")


def page(start: str = "") -> str:
    return PAGE.read_text().partition(start)[2] if start else PAGE.read_text()


def variables(*places: pathlib.Path) -> set[str]:
    files = [file for place in places for file in ([place] if place.is_file() else
                                                   place.rglob("*")) if file.is_file()]
    return {name for file in files if "__pycache__" not in file.parts
            for name in VARIABLE.findall(file.read_text())}


def commands() -> set[str]:
    """Of all images but base, which images.rst explains."""
    scripts = {path.name for folder in IMAGES[1:]
               for path in [*folder.glob("kolla-*"), *folder.glob("bin/kolla-*")]}
    project = tomllib.loads((DOCKER / "openstack-base/tools/pyproject.toml").read_text())
    return scripts | set(project["project"]["scripts"])


def test_the_page_has_every_command_of_the_images_and_no_other():
    told = set(re.findall(r"^(?:``|:samp:`)(kolla-[a-z-]+)", page("Commands in the images"), re.M))
    assert told == commands()


def test_the_page_has_every_variable_of_the_images_and_no_other():
    told = set(VARIABLE.findall(page("\nVariables\n")))
    groups = tuple(name.removesuffix("...") for name in told if name.endswith("..."))
    read = variables(*IMAGES, ROOT / "kolla_plugins/openstack")
    assert {name for name in read if not name.startswith(groups)} - told == set()
    known = read | variables(ROOT / "kolla/backends", ROOT / "kolla/images")
    assert {name for name in told if not name.endswith("...")} - known == set()
    assert all(any(name.startswith(group) for name in known) for group in groups)
