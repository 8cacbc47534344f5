"""What a container may use: what its plugin says, unless the configuration says otherwise."""

import dataclasses

import pytest

from kolla.errors import KollaError
from kolla.plugin import Limits
from kolla.settings import checks
from kolla.settings.limits import limits_of, total
from kolla_plugins.mariadb import MARIADB
from tests.unit.support.plugins import make_container, make_settings, make_web

GIB = 1 << 30
OTHER = make_container("other")


def found(folder, text: str, **limits) -> dict:
    web = make_web(limits=Limits(**limits))
    return limits_of(web, make_settings(folder, text, web, OTHER))


def complaints(folder, text: str, *containers) -> list[str]:
    settings = make_settings(folder, text, *containers)
    return [problem.message for problem in checks.all_problems(settings)]


@pytest.mark.parametrize("text, value", [
    ("512", 512), ("1k", 1024), ("64M", 64 << 20), ("1g", GIB), ("2T", 2 << 40), ("0.5", 0.5),
    ("1g + 256m * 3", GIB + 3 * (256 << 20)), ("2 * 3 + 4", 10), (" 0 ", 0),
])
def test_a_limit_is_a_sum_of_products(text, value):
    assert total(text) == value


@pytest.mark.parametrize("text", ["", "a", "1g +", "-1", "1x", "1e3", "0x10", "__import__('os')"])
def test_anything_else_is_no_limit(text):
    with pytest.raises(ValueError, match="is no number like 512, 64m or 1g"):
        total(text)


def test_everything_but_processors_is_limited_by_default(tmp_path):
    assert found(tmp_path, "") == {"memory": GIB, "pids": 1024, "files": 16384}


def test_a_limit_may_depend_on_options(tmp_path):
    assert found(tmp_path, "[web]\nport = 3\n", memory="1m * ${web.port}")["memory"] == 3 << 20


def test_what_is_named_counts_before_all_and_all_before_the_plugin(tmp_path):
    text = "[limits]\nmemory = all:2g,web:3g\npids = all:7,other:9\ncpus = web:0.5\n"
    assert found(tmp_path, text, files="5") == {
        "memory": 3 * GIB, "pids": 7, "files": 5, "cpus": 0.5,
    }


def test_zero_is_no_limit(tmp_path):
    assert found(tmp_path, "[limits]\nmemory = web:0\npids = all:0\n", files="0") == {}


def test_a_size_is_the_same_however_it_is_written(tmp_path):
    assert found(tmp_path, "[limits]\nmemory = web:1g\n") == found(
        tmp_path, f"[limits]\nmemory = web:{GIB}\n"
    )


def test_a_misspelt_container_is_named(tmp_path):
    text = "[limits]\npids = wob:5\n"
    (said,) = complaints(tmp_path, text, make_web())
    assert "there is no container 'wob'" in said and "web" in said


@pytest.mark.parametrize("text, said", [
    ("memory = web:much", "is no number like"), ("pids = web:many", "pids"),
    ("pids = web:-1", "pids"), ("cpus = web:-1", "cpus"),
])
def test_what_is_no_limit_is_refused(tmp_path, text, said):
    assert said in " ".join(complaints(tmp_path, f"[limits]\n{text}\n", make_web()))


def test_less_memory_than_a_container_needs_is_refused(tmp_path):
    web = make_web(limits=Limits(least_memory="100m"))
    (said,) = complaints(tmp_path, "[limits]\nmemory = web:100m\n", web)
    assert "are too little for web, which needs more than 104857600" in said
    assert not complaints(tmp_path, "[limits]\nmemory = web:101m\n", web)
    assert not complaints(tmp_path, "[limits]\nmemory = web:0\n", web)


def test_a_fault_of_a_plugin_names_it(tmp_path):
    web = make_web(limits=Limits(pids="a few"))
    (said,) = complaints(tmp_path, "", web)
    assert said == "the limit 'pids' of web is 'a few': 'a few' is no number like 512, 64m or 1g"
    with pytest.raises(KollaError, match="the limit 'pids' of web"):
        limits_of(web, make_settings(tmp_path, "", web))


@pytest.mark.parametrize("size", ["64M", "40G"])
def test_mariadb_has_room_for_its_buffer_pool_and_its_clients(tmp_path, size):
    text = f"[database]\nbuffer_pool_size = {size}\nmax_connections = 2000\n"
    mariadb = dataclasses.replace(MARIADB, parent="front", image=OTHER.image)
    limits = limits_of(mariadb, make_settings(tmp_path, text, mariadb))
    assert limits["memory"] >= total(size) + (512 << 20) + 2000 * (2 << 20)
    assert limits["pids"] > 2000 and limits["files"] > 5 * 2000
