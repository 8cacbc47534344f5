"""The docker client that builds is found, or it is told why none will do."""

import os

import pytest

from kolla.errors import KollaError
from kolla.images import client


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Makes a folder with a program ``docker`` in it; returns the program's path."""
    monkeypatch.setattr(client, "SYSTEM_PATH", str(tmp_path / "nothing-here"))

    def make(folder: str, version: str, buildx: bool = False) -> str:
        path = tmp_path / folder / "docker"
        path.parent.mkdir()
        path.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = --version ] && echo "{version}" && exit 0\n'
            f'[ "$1" = buildx ] && exit {0 if buildx else 1}\n'
            "exit 2\n"
        )
        path.chmod(0o755)
        return str(path)

    return make


OLD, DEBIAN_12, NEW = (
    "Docker version 18.06.1-ce, build e68fc7a",
    "Docker version 20.10.24+dfsg1, build 297e128",
    "Docker version 28.2.2, build e6534b4",
)


def search(*programs: str) -> str:
    return client.find(path=":".join(program.removesuffix("/docker") for program in programs))


def test_a_client_with_buildkit_built_in_is_taken(fake):
    debian = fake("a", DEBIAN_12)
    assert search(debian) == debian


def test_a_new_client_is_taken_if_its_plugin_works(fake):
    new = fake("a", NEW, buildx=True)
    assert search(new) == new


def test_a_folder_that_may_not_be_looked_into_is_passed_over(fake, monkeypatch):
    locked, debian = fake("a", NEW), fake("b", DEBIAN_12)
    real = os.stat

    def stat(path, **options):
        if str(path) == locked:
            raise PermissionError(13, "Permission denied")
        return real(path, **options)

    monkeypatch.setattr(os, "stat", stat)
    assert search(locked, debian) == debian


def test_a_client_that_cannot_build_is_passed_over(fake):
    without, old, debian = fake("a", NEW), fake("b", OLD), fake("c", DEBIAN_12)
    assert search(without, old, debian) == debian


def test_a_client_in_the_system_folder_is_found_whatever_the_path(fake, monkeypatch, tmp_path):
    without, debian = fake("a", NEW), fake("system", DEBIAN_12)
    monkeypatch.setattr(client, "SYSTEM_PATH", str(tmp_path / "system"))
    assert search(without) == debian


def test_when_none_can_build_each_is_named_with_its_reason_and_the_package(fake):
    without, old, podman = fake("a", NEW), fake("b", OLD), fake("c", "podman version 4.3.1")
    with pytest.raises(KollaError) as caught:
        search(without, old, podman)
    assert f"{without} (28.2) has no working buildx plugin" in caught.value.message
    assert f"{old} is too old (18.06)" in caught.value.message
    assert f"{podman} is not a docker client" in caught.value.message
    assert "docker-buildx" in caught.value.hint


def test_without_any_client_the_package_is_named(fake):
    with pytest.raises(KollaError, match="no program `docker`") as caught:
        client.find(path="/nowhere")
    assert "docker-buildx" in caught.value.hint


def test_a_configured_client_is_the_only_one_looked_at(fake):
    without, debian = fake("a", NEW), fake("b", DEBIAN_12)
    assert client.find(debian, path=without.removesuffix("/docker")) == debian
    with pytest.raises(KollaError, match="has no working buildx plugin"):
        client.find(without, path=debian.removesuffix("/docker"))


def test_a_configured_client_that_does_not_exist_is_named():
    with pytest.raises(KollaError, match="/no/docker cannot be run"):
        client.find("/no/docker")
