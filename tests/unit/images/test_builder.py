"""What a Dockerfile is told."""

import pytest

from kolla.catalog.catalog import Catalog
from kolla.images import builder, choice, labels
from kolla.plugin import ContainerSet, Image
from tests.unit.support.plugins import (
    FOLDER, make_container, make_settings, make_web, plugin,
)


@pytest.fixture
def arguments(tmp_path):
    """The build arguments of an image that containers of these users run."""
    (tmp_path / "Dockerfile").touch()
    web = Image("web", tmp_path, parent="base", per_release=True, builder="tools")

    def of(*users: int) -> dict[str, str]:
        catalog = Catalog([
            plugin(ContainerSet("front", "")),
            plugin(Image("base", tmp_path, parent="debian")),
            plugin(Image("tools", tmp_path, parent="debian")),
            *(plugin(make_container(f"web{user}", image=web, user=user)) for user in users),
        ])
        assert list(catalog.errors) == []
        return builder.arguments_of(web, catalog, "2026.1", "kolla")

    return of


def test_it_is_told_what_it_is_built_on_and_who_runs_it(arguments):
    assert arguments(42000) == {
        "PARENT": "kolla/base:trixie", "BUILDER": "kolla/tools:trixie", "RELEASE": "2026.1",
        "KOLLA_UID": "42000",
    }


def test_a_user_that_its_containers_do_not_agree_on_is_not_told(arguments):
    assert "KOLLA_UID" not in arguments(42000, 42001)


def test_images_of_containers_that_a_release_has_not_are_not_built_for_it(tmp_path):
    bridge = make_container("bridge", releases=("2024.2",), image=Image(
        "bridge", FOLDER, parent=None, per_release=True))
    settings = make_settings(tmp_path, "", make_web(), bridge)
    assert choice.of_host(settings, "2024.2") == ["bridge", "web"]
    assert choice.of_host(settings, "2026.1") == ["web"]


@pytest.mark.parametrize(("known", "found"), [
    ({"kolla.refreshed": "2026-01-01", labels.CREATED: "2026-02-02"}, "2026-01-01"),
    ({"kolla.inputs": "sha256:1", labels.CREATED: "2026-02-02"}, "2026-02-02"),
    ({labels.CREATED: "2026-02-02"}, None),
    ({}, None),
])
def test_packages_are_as_old_as_the_image_says_that_kolla_built(known, found):
    assert labels.refreshed(known) == found
