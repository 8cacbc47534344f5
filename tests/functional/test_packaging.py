"""The wheel: complete, and enough by itself."""

import pathlib
import zipfile

from kolla.images import inputs
from tests.functional.conftest import ROOT
from tests.functional.support.harness import run


def test_wheel_holds_every_file_of_the_images_and_the_configuration(wheel):
    tracked = run("git", "-C", ROOT, "ls-files", "docker", "etc").splitlines()
    held = {
        name.partition("/share/kolla/")[2]
        for name in zipfile.ZipFile(wheel).namelist() if "/share/kolla/" in name
    }
    assert set(tracked) <= held


def test_installed_scripts_keep_their_executable_bits(environment):
    for line in run("git", "-C", ROOT, "ls-files", "--stage", "docker").splitlines():
        mode, name = line.split()[0], line.split("\t")[1]
        installed = environment / "share" / "kolla" / name
        assert bool(installed.stat().st_mode & 0o100) == (mode == "100755"), name


def test_installed_kolla_finds_its_plugins_and_images(environment, tmp_path):
    kolla = environment / "bin" / "kolla"
    assert "keystone" in run(kolla, "--config-dir", tmp_path, "set", "tree", cwd=tmp_path)
    folders = run(
        environment / "bin" / "python", "-c",
        "from kolla.catalog.catalog import Catalog\n"
        "for container in Catalog.load().containers.values():\n"
        "    if not container.image.reference: print(container.image.folder)",
        cwd=tmp_path,
    ).splitlines()
    assert folders and all(pathlib.Path(folder, "Dockerfile").is_file() for folder in folders)
    assert all(folder.startswith(f"{environment}/share/kolla/docker/") for folder in folders)


def test_installed_kolla_prints_every_option(environment, tmp_path):
    sample = run(environment / "bin" / "kolla", "config", "sample", cwd=tmp_path)
    assert "[keystone]" in sample and "[images]" in sample


def test_installation_builds_the_same_images_as_the_checkout(environment):
    """What Python compiles when it is installed does not count."""
    for dockerfile in (ROOT / "docker").glob("*/Dockerfile"):
        name = dockerfile.parent.name
        installed = environment / "share" / "kolla" / "docker" / name
        assert inputs.digest(installed, {}, "") == inputs.digest(dockerfile.parent, {}, ""), name
