"""What the OpenStack images do to options and databases, without an image."""

import importlib.machinery
import importlib.util
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oslo_config import cfg, types

from kolla.plugin import shared_folder

BASE = shared_folder("docker", "openstack-base")


def script(path):
    """A Python script of an image, which has no file name extension, as a module."""
    name = path.name
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def options(monkeypatch):
    monkeypatch.syspath_prepend(str(BASE / "tools"))
    return importlib.import_module("kolla_image.options")


@pytest.fixture(scope="module", autouse=True)
def leave_no_bytecode():
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    yield
    sys.dont_write_bytecode = before


KNOWN = {
    "oslo_messaging_notifications": {
        "driver": {"type": "string", "multi": True},
        "retry": {"type": "integer"},
    },
    "DEFAULT": {"trusted": {"type": "string", "multi": True}},
}


def test_each_line_of_a_multi_valued_option_becomes_a_line_of_the_file():
    environment = {"OS_OSLO_MESSAGING_NOTIFICATIONS__DRIVER": "messagingv2\nlog"}
    content = script(BASE / "kolla-run").extract(environment, {}, KNOWN)
    assert content == "[oslo_messaging_notifications]\ndriver = messagingv2\ndriver = log\n"


def test_multi_valued_options_leave_the_environment_and_others_stay():
    environment = {
        "OS_DEFAULT__TRUSTED": "a",
        "OS_OSLO_MESSAGING_NOTIFICATIONS__RETRY": "3",
        "PATH": "/bin",
    }
    script(BASE / "kolla-run").extract(environment, {}, KNOWN)
    assert environment == {"OS_OSLO_MESSAGING_NOTIFICATIONS__RETRY": "3", "PATH": "/bin"}


@given(st.lists(st.text("abc:/=[] ,", min_size=1).filter(str.strip), min_size=1))
def test_oslo_config_reads_back_the_values_that_were_given(tmp_path_factory, values):
    variables = {"OS_DEFAULT__TRUSTED": "\n".join(values)}
    content = script(BASE / "kolla-run").extract(variables, {}, KNOWN)
    path = tmp_path_factory.mktemp("multi") / "multi.conf"
    path.write_text(content)
    conf = cfg.ConfigOpts()
    conf.register_opt(cfg.MultiStrOpt("trusted"))
    conf(["--config-file", str(path)])
    assert conf.trusted == [value.strip() for value in values]


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="$")))
def test_oslo_config_reads_back_a_secret_as_it_is(tmp_path_factory, secret):
    variables = {"OS_DATABASE__PASSWORD": secret, "OS_BOOTSTRAP_PASSWORD": "other"}
    known = {"database": {"password": {"type": "string"}}}
    content = script(BASE / "kolla-run").extract({}, variables, known)
    path = tmp_path_factory.mktemp("secret") / "options.conf"
    path.write_text(content)
    conf = cfg.ConfigOpts()
    conf.register_opt(cfg.StrOpt("password"), "database")
    conf(["--config-file", str(path)])
    assert conf.database.password == secret
    assert variables == {"OS_BOOTSTRAP_PASSWORD": "other"}


def test_oslo_config_reads_secrets_of_groups_that_no_list_has(tmp_path):
    """Such as those of a backend of Cinder, whose name, and so its group, is an operator's."""
    secret = {
        "OS_BACKENDSSD__REPLICATION_DEVICE": "backend_id:b,san_password:p", "OS_AUTH": "a",
        "OS_BACKENDSSD__SAN_PASSWORD": 's"p', "OS_BOOTSTRAP_PASSWORD": "other",
        "OS_DATABASE__PASSWORD": "known", "OS_DATABASE__SLAVE_PASSWORD": "unlisted",
    }
    path = tmp_path / "options.conf"
    path.write_text(script(BASE / "kolla-run").extract(
        {}, secret, {"database": {"password": {"type": "string"}}}))
    conf = cfg.ConfigOpts()
    conf.register_opt(cfg.StrOpt("san_password"), "backendSSD")
    conf.register_opt(cfg.MultiOpt("replication_device", item_type=types.Dict()), "backendSSD")
    for name in ("password", "slave_password"):
        conf.register_opt(cfg.StrOpt(name), "database")
    conf(["--config-file", str(path)])
    assert conf.backendSSD.san_password == 's"p'
    assert conf.backendSSD.replication_device == [{"backend_id": "b", "san_password": "p"}]
    assert (conf.database.password, conf.database.slave_password) == ("known", "unlisted")
    assert secret == {"OS_AUTH": "a", "OS_BOOTSTRAP_PASSWORD": "other"}


def test_option_list_tells_type_limits_choices_and_repetition(options):
    listing = [
        ("api", [
            cfg.PortOpt("port"),
            cfg.IntOpt("tries", min=0),
            cfg.BoolOpt("fast"),
            cfg.FloatOpt("pause"),
            cfg.ListOpt("hosts"),
            cfg.DictOpt("weights"),
            cfg.StrOpt("mode", choices=[("on", "working"), ("off", "resting")]),
            cfg.MultiStrOpt("driver"),
            cfg.StrOpt("kek", secret=True),
        ]),
    ]
    assert options.compact(listing) == {
        "api": {
            "port": {"type": "integer", "min": 0, "max": 65535},
            "tries": {"type": "integer", "min": 0},
            "fast": {"type": "boolean"},
            "pause": {"type": "float"},
            "hosts": {"type": "list"},
            "weights": {"type": "dict"},
            "mode": {"type": "string", "choices": ["on", "off"]},
            "driver": {"type": "string", "multi": True},
            "kek": {"type": "string", "secret": True},
        },
    }


def test_option_list_names_options_as_the_environment_does(options):
    listing = [(None, [cfg.StrOpt("log-file")]), (cfg.OptGroup("db"), [cfg.StrOpt("url")])]
    assert options.compact(listing) == {
        "DEFAULT": {"log_file": {"type": "string"}},
        "db": {"url": {"type": "string"}},
    }


def test_groups_listed_twice_hold_the_options_of_both(options):
    listing = [("db", [cfg.StrOpt("url")]), ("db", [cfg.StrOpt("name")])]
    assert set(options.compact(listing)["db"]) == {"url", "name"}
