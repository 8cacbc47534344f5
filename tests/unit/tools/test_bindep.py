"""bindep.txt lists what tools/test installs, and nothing else."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[3]
#: What the quickstart needs: its packages depend on the machine.
OF_KOLLA = {
    "python3", "python3-venv", "ca-certificates", "mmdebstrap", "debian-archive-keyring",
    "docker.io", "docker-cli", "docker-buildx",
}


def listed(profile: str) -> set[str]:
    text = (ROOT / "bindep.txt").read_text()
    lines = re.findall(r"^([a-z0-9.-]+) \[(.*)\]$", text, re.MULTILINE)
    return {name for name, marks in lines
            if [mark for mark in marks.split() if ":" not in mark] == profile.split()}


def test_the_packages_of_the_tests_are_listed():
    script = (ROOT / "tools/test").read_text()
    needed = set(re.findall(r"\b[a-z-]+:([a-z][a-z0-9-]+)", script.partition("mapfile")[2]))
    assert listed("test") | OF_KOLLA >= needed > {"git", "zsh"}
    assert listed("test") <= needed


def test_the_packages_of_kolla_are_listed():
    assert listed("") == OF_KOLLA
    scripts = [*(ROOT / "tools/lib").glob("*.bash"), ROOT / "tools/test"]
    text = "".join(path.read_text() for path in scripts)
    assert [name for name in sorted(OF_KOLLA) if name not in text] == []
