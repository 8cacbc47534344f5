"""An image that is not there: what can be done about it."""

import types

import pytest

from kolla.plans.desired import _missing
from kolla_plugins.keystone import KEYSTONE
from kolla_plugins.mariadb import MARIADB

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
