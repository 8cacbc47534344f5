"""An image that is not there, or not new enough: what can be done about it."""

import dataclasses
import types

import pytest
from oslo_config import cfg

from kolla.catalog.catalog import Catalog
from kolla.errors import KollaError
from kolla.plans.desired import _missing
from kolla.plugin import Check, Image
from kolla_plugins.keystone import KEYSTONE
from kolla_plugins.mariadb import MARIADB
from tests.unit.support.host import Host
from tests.unit.support.plugins import FOLDER, OF_THIS_USER, make_container

DEPLOYMENT = types.SimpleNamespace(
    settings=types.SimpleNamespace(value=lambda group, option: "kolla"))


@pytest.mark.parametrize("container, release, hint", [
    (KEYSTONE, "2026.2", "`kolla image build keystone --release 2026.2`"),
    (KEYSTONE, "2027.1",
     "it can be built for 2025.2, 2026.1, 2026.2; choose one of them, or load an image"),
    (MARIADB, "2026.1", "`kolla image build mariadb`"),
])
def test_the_hint_about_an_image_that_is_not_built_leads_somewhere(container, release, hint):
    assert _missing(DEPLOYMENT, container, release, None).hint == hint


@pytest.fixture
def host(tmp_path):
    """A service with an option that images of an earlier kolla do not know."""
    image = Image("web", FOLDER, parent=None, options=("web.stores",))
    options = {"web": (cfg.ListOpt("stores", default=["file"], help="Where things are kept."),)}
    web = make_container("web", image=image, options=options, check=Check(grace=1), **OF_THIS_USER)
    host = Host(tmp_path, web)
    host.build("1")
    return host


def name_stores(host: Host, *stores: str) -> None:
    host.deployment.settings.conf.set_override("stores", list(stores), "web")


def test_an_image_that_would_ignore_an_option_is_refused_with_the_place_of_the_option(host):
    name_stores(host, "swift")
    with pytest.raises(KollaError) as refused:
        host.act("start")
    assert "[web] stores: the image kolla/web:trixie is of an earlier kolla and does not" in str(
        refused.value)
    assert refused.value.hint == "`kolla image build web`, or take the option out"


def test_an_image_of_an_earlier_kolla_runs_with_the_default_of_an_option(host):
    assert host.act("start")["web"].outcome == "done"


def test_an_image_that_names_the_option_in_its_label_takes_every_value(host):
    for name, facts in host.engine.built.items():
        labels = {**facts.labels, "kolla.options": "web.other,web.stores"}
        host.engine.built[name] = dataclasses.replace(facts, labels=labels)
    name_stores(host, "swift")
    assert host.act("start")["web"].outcome == "done"


def test_the_dockerfiles_of_kolla_name_the_options_that_their_images_know():
    images = {container.image for container in Catalog.load().containers.values()}
    wanted = {image.name: image for image in images if image.options}
    assert wanted
    for image in wanted.values():
        label = f'LABEL kolla.options="{",".join(image.options)}"'
        assert label in (image.folder / "Dockerfile").read_text().splitlines()
