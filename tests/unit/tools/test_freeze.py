"""Pins have the hashes of what may be installed, and kolla's own lock is up to date."""

import importlib.machinery
import importlib.util
import os
import pathlib
import re
import stat
import subprocess

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parents[3]
PINS = sorted([*ROOT.glob("docker/*/pins/*.txt"), *ROOT.glob("tools/lib/*.lock")])


@pytest.fixture(scope="module")
def freeze():
    loader = importlib.machinery.SourceFileLoader("freeze", str(ROOT / "tools/freeze"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("freeze", loader))
    loader.exec_module(module)
    return module


def package(name, *files, **more):
    """As in pylock.toml; a file's hash is its own name."""
    found = [{"name": file, "hashes": {"sha256": file}} for file in files]
    wheels = [file for file in found if file["name"].endswith(".whl")]
    sources = [file for file in found if file not in wheels]
    return {"name": name, "version": "1", "wheels": wheels,
            **({"sdist": sources[0]} if sources else {}), **more}


def test_only_wheels_that_fit_the_image_are_pinned(freeze):
    fitting = [
        "a-1-cp313-cp313-manylinux_2_17_x86_64.whl", "a-1-cp39-abi3-manylinux2014_aarch64.whl",
    ]
    lines = freeze.pins([package(
        "a", *fitting, "a-1.tar.gz", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl",
        "a-1-cp313-cp313-musllinux_1_2_x86_64.whl", "a-1-cp313-cp313-win_amd64.whl",
        "a-1-cp313-cp313-manylinux_2_99_x86_64.whl",
    )], *freeze.SUITES["trixie"])
    hashes = " ".join(f"--hash=sha256:{name}" for name in sorted(fitting))
    assert list(lines)[1:] == ["--only-binary :all:", f"a==1 {hashes}"]


def test_the_source_is_pinned_of_what_has_no_wheel(freeze):
    lines = freeze.pins([package("a", "a-1.tar.gz")], *freeze.SUITES["trixie"])
    assert list(lines)[1:] == [
        "--only-binary :all:", "--no-binary a", "a==1 --hash=sha256:a-1.tar.gz",
    ]


def test_what_only_other_systems_need_is_left_out(freeze):
    packages = [
        package("a", "a-1-py3-none-any.whl", marker="sys_platform == 'win32'"),
        package("b", "b-1-py3-none-any.whl", marker="python_version < '3.12'"),
        package("c", "c-1-py3-none-any.whl", marker="sys_platform == 'linux'"),
    ]
    lines = freeze.pins(packages, freeze.HOST_PYTHONS, freeze.HOST_GLIBC)
    assert list(lines)[2:] == [
        'b==1 ; python_version < "3.12" --hash=sha256:b-1-py3-none-any.whl',
        "c==1 --hash=sha256:c-1-py3-none-any.whl",
    ]


def run(uv: str, folder: pathlib.Path) -> subprocess.CompletedProcess:
    """tools/freeze on a folder, with a uv that is this shell script."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "uv"
    program.write_text(f"#!/bin/sh\n{uv}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "requirements.txt").write_text("a\n")
    (folder / "pins").mkdir()
    (folder / "pins" / "2026.1.txt").write_text("a==0\n")
    return subprocess.run(
        ["python3", ROOT / "tools/freeze", folder, "2026.1", "/dev/null"], text=True,
        env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}, capture_output=True,
    )


def test_a_failure_leaves_the_folder_as_it_was(tmp_path):
    done = run("echo the index cannot be reached >&2; exit 2", tmp_path)
    assert done.returncode == 1
    assert "the index cannot be reached" in done.stderr and "nothing was written" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"bin", "requirements.txt", "pins"}
    assert [(path.name, path.read_text()) for path in (tmp_path / "pins").iterdir()] == [
        ("2026.1.txt", "a==0\n")
    ]


def test_what_has_changed_is_told(tmp_path):
    done = run("""
        for option; do case $option in --output-file=*) out=${option#*=};; esac; done
        cat > "$out" <<END
        [[packages]]
        name = "a"
        version = "1"
        wheels = [{ name = "a-1-py3-none-any.whl", hashes = { sha256 = "abc" } }]
END""", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a: 0 -> 1" in done.stderr
    assert "a==1 --hash=sha256:abc" in (tmp_path / "pins" / "2026.1.txt").read_text()


def test_what_an_image_asks_for_by_name_is_installed(freeze):
    assert "cliff" in freeze.excluded("nova\n").splitlines()
    assert "cliff" not in freeze.excluded("cliff\nnova\n").splitlines()


@pytest.mark.parametrize("path", PINS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_pin_has_hashes(path):
    lines = [line for line in path.read_text().splitlines() if line[:1] not in ("#", "-")]
    assert lines
    assert [line for line in lines if not re.search(r" --hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize(("requirements", "lock"), [
    ("requirements.txt", "kolla.lock"),
    ("tools/lib/build.txt", "kolla.lock"),
    ("tools/lib/openstackclient.txt", "openstackclient.lock"),
])
def test_a_lock_has_all_that_is_required(requirements, lock):
    """`tools/freeze --kolla` makes it so."""
    found = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "tools/lib" / lock).read_text(), re.MULTILINE)
    pinned = {canonicalize_name(name): version for name, version in found}
    for line in (ROOT / requirements).read_text().splitlines():
        if line and not line.startswith("#"):
            wanted = Requirement(line)
            version = pinned.get(canonicalize_name(wanted.name))
            assert version and wanted.specifier.contains(version, prereleases=True), (
                f"{lock} is stale: it has {version} for {line}; run tools/freeze --kolla"
            )
