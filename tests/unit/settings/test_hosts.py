"""What depends on other hosts comes from their files, and from nothing else of them."""

import os

import pytest
from oslo_config import cfg

from kolla.errors import KollaError
from kolla.plans.rendering import build
from kolla.plugin import Task, each_host, secret
from kolla.plugin.reports import ImageFacts
from kolla.settings import Invalid, passwords
from tests.unit.support.plugins import make_container, make_settings

URL = "${url:broker.user}:${url:broker.password}@${broker.address}:${broker.port}"
BROKER = make_container("broker", options={"broker": (
    cfg.StrOpt("address", default="${host.address}"), cfg.PortOpt("port", default=5672),
    cfg.StrOpt("user", default="me"), secret("password", help=""),
    each_host("urls", "broker", URL, help="", secret=True),
    each_host("servers", "broker", "${broker.address}:${broker.port}", help=""),
)})
CLIENT = make_container("client", environment={
    "URL": "rabbit://${broker.urls}//", "SERVERS": "${broker.servers}",
})
COMMON = "[broker]\npassword = p/w\n"
THREE = {
    "hosts_ctl2": "[host]\naddress = 192.0.2.2\n[broker]\nport = 5673\n",
    "hosts_ctl1": "[host]\naddress = 127.0.0.1\n",
    "hosts_cmp1": "[host]\naddress = 192.0.2.9\ndisabled = broker\n",
}


def settings_of(folder, host: str, text: str = COMMON, **files: str):
    return make_settings(folder, text, BROKER, CLIENT, host=host, **files)


@pytest.mark.parametrize("host", ["ctl1", "cmp1"])
def test_each_host_that_runs_it_is_there_in_the_order_of_names(tmp_path, host):
    made = settings_of(tmp_path, host, **THREE)
    told = made.environment(CLIENT)
    assert told["SERVERS"] == "127.0.0.1:5672,192.0.2.2:5673"
    assert made.reveal(told["URL"]) == (
        "rabbit://me:p%2Fw@127.0.0.1:5672,me:p%2Fw@192.0.2.2:5673//"
    )


def test_a_text_with_a_secret_stays_a_reference(tmp_path):
    made = settings_of(tmp_path, "ctl1", **THREE)
    assert made.environment(CLIENT)["URL"] == "rabbit://${broker.urls}//"
    assert made.is_secret("broker", "urls") and not made.is_secret("broker", "servers")


def test_without_files_of_hosts_it_is_this_host(tmp_path):
    made = settings_of(tmp_path, "me")
    assert made.environment(CLIENT)["SERVERS"] == "127.0.0.1:5672"


def test_where_no_host_runs_it_one_that_is_not_kollas_is_found_as_this_host_says(tmp_path):
    text = COMMON + "address = broker.example.org\n[host]\ndisabled = broker\n"
    made = settings_of(tmp_path, "ctl1", text, hosts_ctl1="", hosts_ctl2="")
    assert made.environment(CLIENT)["SERVERS"] == "broker.example.org:5672"


def test_one_address_for_all_is_there_once(tmp_path):
    made = settings_of(tmp_path, "ctl1", COMMON + "address = 192.0.2.5\nport = 1\n",
                       hosts_ctl1="", hosts_ctl2="")
    assert made.value("broker", "servers") == ["192.0.2.5:1"]


def test_what_an_operator_sets_wins(tmp_path):
    text = COMMON + "servers = a:1, b:2\nurls = you:secret@b:5\n"
    made = settings_of(tmp_path, "ctl1", text, **THREE)
    assert made.environment(CLIENT)["SERVERS"] == "a:1,b:2"
    assert made.environment(CLIENT)["URL"] == "rabbit://${broker.urls}//"
    assert made.reveal(made.environment(CLIENT)["URL"]) == "rabbit://you:secret@b:5//"


def test_variables_and_the_command_line_are_those_of_this_host(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {**os.environ, "OS_BROKER__PORT": "7"})
    made = settings_of(tmp_path, "ctl1", **THREE)
    assert made.value("broker", "servers") == ["127.0.0.1:7", "192.0.2.2:5673"]


def test_a_secret_that_is_not_set_is_missing_as_ever(tmp_path):
    made = settings_of(tmp_path, "ctl1", "", **THREE)
    assert made.problems() == []
    with pytest.raises(KollaError, match="no value is set for the secret broker.urls\n"
                                         ".*for a broker that kolla does not run, set it"):
        made.reveal(made.environment(CLIENT)["URL"])


@pytest.mark.parametrize("host, noted", [("cmp1", ["[broker] urls"]), ("ctl1", [])])
def test_a_secret_that_only_another_host_could_make_up_is_noted(tmp_path, host, noted):
    made = settings_of(tmp_path, host, "", **THREE)
    assert [f"[{group}] {name}" for group, name in passwords.to_be_brought(made)] == noted


# What is wrong

@pytest.mark.parametrize("text, told", [
    ("[host]\nnonsense\n", ":2: No ':' or '=' found in assignment"),
    ("[host]\naddress = www\n", ":2: [host] address: 'www' is not a valid"),
    ("[broker]\nprot = 1\n", ":2: [broker] has no option 'prot'; did you mean 'port'?"),
    ("[host]\nenabled = brokre\n", ":2: [host] enabled: there is no container set or container"),
    ("[borker]\n", ":1: there is no group [borker]; did you mean 'broker'?"),
])
def test_a_mistake_in_the_file_of_another_host_is_named_and_nothing_is_done(tmp_path, text, told):
    made = settings_of(tmp_path, "ctl1", hosts_ctl1="", hosts_ctl2=text)
    with pytest.raises(Invalid) as refused:
        made.require_valid()
    assert f"{tmp_path}/hosts/ctl2.conf{told}" in refused.value.message


def test_the_files_of_other_hosts_do_not_matter_where_nothing_depends_on_them(tmp_path):
    alone = make_container("alone")
    made = make_settings(tmp_path, "", alone, host="ctl1", hosts_ctl1="", hosts_ctl2="nonsense")
    assert made.problems() == []


def test_addresses_that_only_another_host_has_are_right_there(tmp_path):
    assert settings_of(tmp_path, "ctl1", **THREE).problems() == []


def test_a_host_that_has_to_be_found_says_where_it_is(tmp_path):
    made = settings_of(tmp_path, "ctl1", hosts_ctl1="", hosts_ctl2="")
    (problem,) = made.problems()
    assert str(problem) == (
        f"{tmp_path}/hosts/ctl2.conf: [host] address is not set, and other hosts have to find"
        " broker of ctl2; remove the file of a host that is not there"
    )


def test_a_host_that_only_itself_finds_is_named_to_the_others(tmp_path):
    made = settings_of(tmp_path, "cmp1", **THREE)
    assert {str(problem) for problem in made.problems()} >= {
        f"{tmp_path}/hosts/ctl1.conf:2: [host] address: at 127.0.0.1 other hosts do not find"
        " broker of ctl1; give it an address that they reach"
    }
    alone = settings_of(tmp_path, "ctl1", hosts_ctl1=THREE["hosts_ctl1"])
    assert alone.problems() == []


@pytest.mark.parametrize("text, told", [
    ("${broker.prt}", "there is no option [broker] prt; did you mean 'port'? in '${broker.prt}'"),
    ("$5", "a template is malformed"),
    ("${broker.password}", "its option [broker] urls takes in the secret broker.password"),
])
def test_a_text_of_a_plugin_that_is_wrong_names_the_plugin(tmp_path, text, told):
    options = {"broker": (*BROKER.options["broker"][:4], each_host("urls", "web", text, help=""))}
    web = make_container("web", options=options)
    problems = [str(problem) for problem in make_settings(tmp_path, "", web).problems()]
    whose = "plugin 'web' of 'kolla-host': "
    assert any(line.startswith(whose) and told in line for line in problems)


def test_an_option_is_declared_with_texts():
    with pytest.raises(TypeError, match="the text of the option 'urls' should be a string"):
        each_host("urls", "web", None, help="")


# The first host

@pytest.mark.parametrize("host, tasks", [("ctl1", 2), ("ctl2", 1), ("me", 1)])
def test_a_task_of_the_first_host_is_no_other_ones(tmp_path, host, tasks):
    web = make_container("web", bootstrap=(Task("mine", ("x",)), Task("ours", ("y",), first=True)))
    made = make_settings(tmp_path, "", web, host=host, hosts_ctl2="", hosts_ctl1="",
                         hosts_cmp1="[host]\ndisabled = web\n")
    assert len(build(web, made, ImageFacts("", "image"), "", "").tasks["bootstrap"]) == tasks


def test_one_host_is_the_first(tmp_path):
    web = make_container("web", bootstrap=(Task("ours", ("y",), first=True),))
    made = make_settings(tmp_path, "", web)
    assert len(build(web, made, ImageFacts("", "image"), "", "").tasks["bootstrap"]) == 1


def test_who_is_first_is_not_told_by_a_broken_file(tmp_path):
    web = make_container("web", bootstrap=(Task("ours", ("y",), first=True),))
    made = make_settings(tmp_path, "", web, host="b", hosts_b="", hosts_a="nonsense")
    with pytest.raises(Invalid, match="hosts/a.conf:1"):
        made.require_valid()
