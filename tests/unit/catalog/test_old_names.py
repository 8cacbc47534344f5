"""Names that sets and containers had once, and names that nothing has any more."""

import pytest
from tests.unit.support.plugins import make_container, plugin

from kolla.catalog.catalog import Catalog
from kolla.catalog.discovery import KOLLA
from kolla.errors import UsageError
from kolla.plugin import ContainerSet, Former, Gone

FRONT = plugin(ContainerSet("front", "", formerly=(Former("facade", since="Ussuri"),)))
GONE = plugin(Gone("registry", "web reads the database itself", since="Ussuri"))
#: What runs on a host whose file names nothing; what came later has to be named.
FROM_THE_BEGINNING = {"glance-api", "keystone", "mariadb", "rabbitmq"}


def test_a_set_or_container_is_found_by_the_name_that_it_had_once():
    once = (Former("httpd"), Former("apache"))
    catalog = Catalog([FRONT, plugin(make_container("web", formerly=once))])
    assert [catalog.today(name) for name in ("httpd", "apache", "facade", "web", "else")] == [
        "web", "web", "front", "web", "else"]


def test_a_name_that_something_had_once_says_since_when_it_has_another():
    names = Catalog([FRONT, plugin(make_container("web", formerly=(Former("httpd"),)))]).old_names
    assert names.renamed("facade") == "'facade' is called 'front' since Ussuri"
    assert names.renamed("httpd") == "'httpd' is called 'web' today"


def test_what_is_called_so_today_comes_before_what_was_once():
    theirs = plugin(make_container("httpd"), "theirs")
    catalog = Catalog([FRONT, plugin(make_container("web", formerly=(Former("httpd"),))), theirs])
    assert catalog.errors == [] and catalog.today("httpd") == "httpd"


def test_a_name_that_is_gone_says_since_when_and_what_replaced_it():
    with pytest.raises(UsageError, match="^there is no container 'registry' since Ussuri: web "
                                         "reads the database itself\n"):
        Catalog([FRONT, GONE]).container("registry")


def test_a_third_party_may_take_a_name_that_is_gone():
    catalog = Catalog([FRONT, GONE, plugin(make_container("registry"), "theirs")])
    assert catalog.errors == [] and catalog.container("registry").name == "registry"


def test_a_host_that_names_nothing_runs_what_it_ran_before_kolla_was_upgraded():
    catalog = Catalog.load()
    ordinary = {container.name for container in catalog.ordinary(catalog.root)}
    assert {name for name in ordinary if catalog.distribution(name) == KOLLA} == FROM_THE_BEGINNING
