"""Everything that can be wrong is named once, with its file, line and nearest name."""

import os
from pathlib import Path

import pytest
from oslo_config import cfg, types
from tests.unit.support.plugins import WEB_OPTIONS, make_container, make_settings, make_web

from kolla.plugin import (
    File, Former, Gone, HostMount, HostNeed, Image, Limits, Listen, Privilege, Scratch, Task,
    Volume, secret,
)
from kolla.plugin.declarations.container import PHASES
from kolla.settings import Invalid
from kolla import network
from kolla_plugins.rabbitmq import RABBITMQ

KNOWN = {
    "DEFAULT": {
        "debug": {"type": "boolean"},
        "workers": {"type": "integer", "min": 1, "max": 9},
        "ratio": {"type": "float", "min": 0.5},
        "level": {"type": "string", "choices": ["low", "high"]},
        "driver": {"type": "string", "multi": True},
        "map": {"type": "dict"},
        "listeners.*": {"type": "integer"},
        "admin_password": {"type": "string"},
    },
    "store_*": {"path": {"type": "string"}},
}


RABBITMQ_HERE = make_container("rabbitmq", options=RABBITMQ.options)


def problems(folder, text: str = "", *containers, known=KNOWN, **arguments) -> list[str]:
    made = make_settings(folder, text, *containers, **arguments)
    return [
        str(problem).replace(f"{folder}/", "") for problem in made.problems(lambda _: known)
    ]


def test_a_configuration_without_a_flaw_has_no_problem(tmp_path):
    text = "[DEFAULT]\nrelease = 2026.1\n[web]\nport=1\n[web/DEFAULT]\ndriver=a\ndriver=b\n"
    assert problems(tmp_path, text) == []
    make_settings(tmp_path, text).require_valid()


@pytest.mark.parametrize("place", ["", "state", "./state", "~/kolla"])
def test_a_state_directory_that_depends_on_where_kolla_is_started_is_refused(tmp_path, place):
    assert problems(tmp_path, f"[DEFAULT]\nstate_dir = {place}\n") == [
        f"kolla.conf:2: [DEFAULT] state_dir: '{place}' is not a valid folder: "
        "a folder begins with a slash, like /var/lib/kolla"
    ]


@pytest.mark.parametrize("line", [
    "url = foo", "url = ", "url = unix://", "url = tcp://host", "url = /var/run/docker.sock",
])
def test_an_engine_that_no_client_can_reach_is_refused(tmp_path, line):
    (found,) = problems(tmp_path, f"[docker]\n{line}\n")
    assert found.startswith("kolla.conf:2: [docker] url: ")
    assert found.endswith("an engine is at unix:///PATH, tcp://ADDRESS:PORT or ssh://HOST")


@pytest.mark.parametrize("url", [
    "unix:///run/docker.sock", "tcp://127.0.0.1:2375", "tcp://[::1]:2376", "ssh://root@host",
])
def test_an_engine_is_taken_wherever_a_client_can_reach_it(tmp_path, url):
    assert problems(tmp_path, f"[docker]\nurl = {url}\n") == []


def test_the_name_of_a_compose_project_is_judged_as_a_whole(tmp_path):
    (found,) = problems(tmp_path, "[compose]\nproject = My project\n")
    assert found.startswith("kolla.conf:2: [compose] project: 'My project' is not a valid")


@pytest.mark.parametrize("text, place", [
    ("[messaging]\ndisk_reserve = x", "kolla.conf:2: [messaging] disk_reserve: 'x' is not"),
    ("[messaging]\ndisk_reserve = 1 GB", "kolla.conf:2: [messaging] disk_reserve: '1 GB' is not"),
    ("[messaging]\naddress = ::1", "kolla.conf:2: [messaging] address: '::1' is not a valid"),
    ("[host]\naddress = ::1", "kolla.conf:2: [host] address: as [messaging] address: "),
])
def test_what_rabbitmq_would_not_take_is_refused(tmp_path, text, place):
    assert any(found.startswith(place) for found in problems(tmp_path, text, RABBITMQ_HERE))


@pytest.mark.parametrize("size", ["0", "2GB", "500MiB", "100m", "64KB"])
def test_a_disk_reserve_is_taken_in_every_unit_that_rabbitmq_knows(tmp_path, size):
    assert problems(tmp_path, f"[messaging]\ndisk_reserve = {size}\n", RABBITMQ_HERE) == []


@pytest.mark.parametrize("release, message", [
    ("banana", "'banana' is no release of OpenStack; they are called like 2026.1"),
    ("", "'' is no release of OpenStack; they are called like 2026.1"),
    ("2024.1", "no image can be built for 2024.1, only for 2025.2, 2026.1"),
])
def test_a_release_that_no_image_can_be_built_for_is_refused(tmp_path, release, message):
    pins = tmp_path / "image" / "pins"
    pins.mkdir(parents=True)
    (pins.parent / "Dockerfile").touch()
    for known in ("2025.2", "2026.1"):
        (pins / f"{known}.txt").touch()
    web = make_web(image=Image("web", pins.parent, parent=None))
    assert problems(tmp_path, "[DEFAULT]\nrelease = 2025.2\n", web) == []
    assert problems(tmp_path, f"[DEFAULT]\nrelease = {release}\n", web) == [
        f"kolla.conf:2: [DEFAULT] release: {message}"
    ]


@pytest.mark.parametrize("line, message", [
    ("[wbe]", "there is no group [wbe]; did you mean 'web'?"),
    ("[wbe]\nport = 1", "there is no group [wbe]; did you mean 'web'?"),
    ("[wbe/DEFAULT]", "[wbe/DEFAULT]: there is no container or project 'wbe'; "
                      "did you mean 'web'?"),
    ("[web/]", "[web/]: the section of the service's configuration is missing"),
])
def test_an_unknown_group_names_file_line_and_nearest_name(tmp_path, line, message):
    assert problems(tmp_path, f"[web]\n{line}\n") == [f"kolla.conf:2: {message}"]


def test_an_unknown_option_names_file_line_and_nearest_name(tmp_path):
    assert problems(tmp_path, "", host="me", hosts_me="[web]\n\nprot = 1\n") == [
        "hosts/me.conf:3: [web] has no option 'prot'; did you mean 'port'?"
    ]
    assert problems(tmp_path, "[images]\npip-index = x\n") == [
        "kolla.conf:2: [images] has no option 'pip-index'; did you mean 'pip_index'?"
    ]


def test_an_unknown_option_in_the_environment_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("OS_WEB__PROT", "1")
    monkeypatch.setenv("OS_OTHER__PROGRAM", "1")
    assert problems(tmp_path) == [
        "environment OS_WEB__PROT: [web] has no such option; did you mean 'OS_WEB__PORT'?"
    ]


@pytest.mark.parametrize("group, line, message", [
    ("web", "port = many", "[web] port: 'many' is not a valid port"),
    ("web", "port = 70000", "[web] port: '70000' is not a valid port: "
                            "Should be less than or equal to 65535"),
    ("web", "debug = perhaps", "[web] debug: 'perhaps' is not a valid boolean: "
                               "Unexpected boolean value 'perhaps'"),
    ("host", "address = here", "[host] address: 'here' is not a valid IP address"),
    ("monitor", "interval = web:x", "[monitor] interval: 'web:x' is not a valid list of "
                                    "NAME:INTEGER"),
    ("WEB", "port = many", "[web] port: 'many' is not a valid port"),
])
def test_a_value_of_the_wrong_type_names_file_and_line(tmp_path, group, line, message):
    found = problems(tmp_path, f"[{group}]\n{line}\n")
    assert len(found) == 1 and found[0].startswith(f"kolla.conf:2: {message}")


def test_the_wrong_item_of_a_list_is_named_with_the_nearest_one(tmp_path):
    kinds = cfg.ListOpt("kinds", item_type=types.String(choices=["file", "swift"]))
    web = make_web(options={**WEB_OPTIONS, "web": (*WEB_OPTIONS["web"], kinds)})
    assert problems(tmp_path, "[web]\nkinds = file, swfit\n", web) == [
        "kolla.conf:2: [web] kinds: 'swfit' is not one of file, swift; did you mean 'swift'?"
    ]


def test_a_wrong_value_hides_no_unknown_name_beside_it(tmp_path):
    text = "[monitor]\ninterval = web:x\ngrace = wbe:5\n[limits]\nmemory = wbe:1g\n"
    assert [message.partition(": ")[0] for message in problems(tmp_path, text)] == [
        "kolla.conf:2", "kolla.conf:3", "kolla.conf:5"
    ]


def test_a_wrong_value_that_a_limit_takes_in_is_named_once(tmp_path):
    limits = Limits(memory="100m * ${web.port}", least_memory="1m")
    found = problems(tmp_path, "[web]\nport = many\n", make_web(limits=limits))
    assert found == ["kolla.conf:2: [web] port: 'many' is not a valid port"]


def test_a_wrong_value_is_found_also_where_another_file_overrides_it(tmp_path):
    assert problems(tmp_path, "[web]\nport = many\n", a="[web]\nport = 1\n") == [
        "kolla.conf:2: [web] port: 'many' is not a valid port"
    ]


def test_a_wrong_value_from_the_environment_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("OS_WEB__PORT", "many")
    assert problems(tmp_path) == [
        "environment OS_WEB__PORT: [web] port: 'many' is not a valid port"
    ]


def test_a_wrong_value_that_takes_in_another_option_is_found(tmp_path):
    found = problems(tmp_path, "[web]\nport = 1$debug\n")
    assert found == ["kolla.conf:2: [web] port: '1$debug' is not a valid port"]


@pytest.mark.parametrize("value, message", [
    ("$nothing", "refers to an unknown option nothing; write $$ for a dollar sign"),
    ("${web.nope}", "refers to an unknown option web.nope; write $$ for a dollar sign"),
    ("${no.thing}", "refers to an unknown group no; write $$ for a dollar sign"),
    ("a$policy", "stands for itself"),
])
def test_a_dollar_sign_that_leads_nowhere_names_file_and_line(tmp_path, value, message):
    assert problems(tmp_path, f"[web]\npolicy = {value}\n") == [
        f"kolla.conf:2: [web] policy: {message}"
    ]


def test_a_required_option_has_to_be_set(tmp_path):
    needy = make_container(options={"needy": (cfg.StrOpt("must", required=True),)})
    assert problems(tmp_path, "", needy) == ["kolla.conf: [needy] must has to be set"]
    assert problems(tmp_path, "[needy]\nmust = x\n", needy) == []


@pytest.mark.parametrize("group, line, message", [
    ("host", "enabled = frnt", "there is no container set or container 'frnt'; "
                               "did you mean 'front'?"),
    ("host", "disabled = wbe", "there is no container set or container 'wbe'; "
                               "did you mean 'web'?"),
    ("host", "enabled = registry", "there is no container set or container 'registry' since "
                                   "Ussuri: web reads the database"),
    ("monitor", "retries = registry:3", "there is no container 'registry' since Ussuri: web reads "
                                        "the database"),
    ("backend", "driver = doker", "there is no backend 'doker'; did you mean 'docker'?"),
    ("images", "base_images = bokworm:x", "there is no release of Debian 'bokworm'; did you mean "
                                          "'bookworm'?"),
    ("hooks", "enabled = lgo", "there is no hook 'lgo'; did you mean 'log'?"),
])
def test_names_that_nobody_has_are_found_in_lists(tmp_path, group, line, message):
    option = line.split()[0]
    gone = Gone("registry", "web reads the database", since="Ussuri")
    assert problems(tmp_path, f"[{group}]\n{line}\n", make_web(), gone) == [
        f"kolla.conf:2: [{group}] {option}: {message}"
    ]


@pytest.mark.parametrize("head, told", [
    ("registry", "there is no group [registry], and there is no container 'registry' since "
                 "Ussuri: web reads the database"),
    ("registry/DEFAULT", "[registry/DEFAULT]: there is no container or project 'registry' since "
                         "Ussuri: web reads the database"),
    ("httpd", "there is no group [httpd], and there is no container 'httpd': it is called 'web' "
              "today"),
])
def test_an_old_name_in_the_head_of_a_section_tells_what_became_of_it(tmp_path, head, told):
    gone = Gone("registry", "web reads the database", since="Ussuri")
    once = make_web(formerly=(Former("httpd"),))
    assert problems(tmp_path, f"[{head}]\nx = 1\n", once, gone) == [f"kolla.conf:1: {told}"]


def test_a_name_that_a_container_had_once_is_accepted_with_a_note(tmp_path):
    once = make_web(formerly=(Former("httpd"),))
    made = make_settings(tmp_path, "[host]\nenabled = httpd\n", once)
    assert [container.name for container in made.enabled()] == ["web"]
    assert made.problems() == []
    assert f"{tmp_path}/kolla.conf:2: [host] enabled: 'httpd' is called 'web' today" in [
        str(note) for note in made.notes()
    ]


def test_while_a_plugin_is_broken_the_others_can_be_used(tmp_path):
    made = make_settings(tmp_path, "[theirs]\nx = 1\n[host]\nenabled = web, theirs\n")
    assert len(made.problems()) == 2
    made.catalog.errors.append("theirs cannot be imported")
    made.require_valid()
    assert len(made.problems()) == 2


def test_whoever_acts_gets_all_problems_at_once(tmp_path):
    made = make_settings(tmp_path, "[web]\nport = many\nprot = 1\n")
    with pytest.raises(Invalid) as caught:
        made.require_valid()
    assert len(caught.value.problems) == 2
    assert "kolla.conf:2: [web] port" in str(caught.value)
    assert "kolla.conf:3: [web] has no option 'prot'" in str(caught.value)


def test_the_host_of_a_file_cannot_be_renamed_in_it(tmp_path):
    assert problems(tmp_path, "", host="me", hosts_me="[host]\nname = you\n") == [
        "hosts/me.conf:2: [host] name: 'you' in the file of the host 'me'"
    ]


# Files


def test_a_secret_in_a_file_that_others_can_read_is_a_problem(tmp_path):
    text = "[web]\nport = 1\npassword = hush\n"
    made = make_settings(tmp_path, text)
    os.chmod(tmp_path / "kolla.conf", 0o640)
    (found,) = made.problems()
    assert str(found).startswith(f"{tmp_path}/kolla.conf:3: [web] password is a secret")
    assert "0640" in str(found) and "hush" not in str(found)


@pytest.mark.parametrize("text, count", [
    ("[web]\nport = 1\n", 0),
    ("[images]\nproxy = http://proxy:3128\n", 0),
    ("[images]\nproxy = http://me:hush@proxy:3128\n", 1),
    ("[web/DEFAULT]\nadmin_password = hush\n", 1),
    ("[web/DEFAULT]\nadmin_password = ${web.password}\n", 0),
])
def test_only_files_with_secrets_need_to_be_private(tmp_path, text, count):
    made = make_settings(tmp_path, text)
    os.chmod(tmp_path / "kolla.conf", 0o644)
    assert len(made.problems()) == count


def test_a_file_that_an_option_names_and_that_is_missing_is_a_problem(tmp_path):
    web = make_web(files=(File("/etc/policy", option="web.policy"),))
    text = "[web]\npolicy = /not/there\n[images]\nca_bundle = /nor/there\n"
    assert problems(tmp_path, text, web) == [
        "kolla.conf:2: [web] policy: there is no file /not/there",
        "kolla.conf:4: [images] ca_bundle: there is no file /nor/there",
    ]
    assert problems(tmp_path, f"[web]\npolicy = {tmp_path}/kolla.conf\n", web) == []


def test_a_template_of_a_plugin_that_makes_no_sense_names_the_plugin(tmp_path):
    web = make_web(
        environment={"X": "${web.prt}"}, bootstrap=(Task("b", ("b",), {"Y": "$5"}),),
        files=(File("/x", option="web.nothing"),),
    )
    found = "\n".join(problems(tmp_path, "", web))
    assert found.count("plugin 'web' of 'kolla-host'") == 3
    assert "there is no option [web] prt; did you mean 'port'? in '${web.prt}'" in found
    assert "in '$5'" in found and "there is no option web.nothing" in found


@pytest.mark.parametrize("phase", PHASES)
def test_the_templates_of_every_task_are_judged(tmp_path, phase):
    web = make_web(**{phase: (Task("t", ("t",), {"Y": "${web.prt}"}),)})
    found, = problems(tmp_path, "", web)
    assert "there is no option [web] prt; did you mean 'port'?" in found


# Addresses and ports


def test_an_address_of_another_host_is_named_once_at_its_line(tmp_path):
    assert problems(tmp_path, "[host]\naddress = 192.0.2.1\n") == [
        "kolla.conf:2: [host] address: 192.0.2.1 is not an address of this host"
    ]


def test_an_address_that_moves_between_hosts_need_not_be_here(tmp_path):
    web = make_web(listens=(Listen("${web.address}", "${web.port}", floating=True),))
    assert problems(tmp_path, "[web]\naddress = 192.0.2.1\n", web) == []
    assert problems(tmp_path, "[web]\naddress = www\n", web) == [
        "kolla.conf:2: [web] address: 'www' is not an IP address"
    ]


def test_an_address_of_another_host_is_found_where_the_kernel_would_take_it(tmp_path, monkeypatch):
    """With ip_nonlocal_bind any address can be bound."""
    monkeypatch.setattr(network.socket.socket, "bind", lambda *arguments: None)
    assert "is not an address of this host" in problems(
        tmp_path, "[web]\naddress = 192.0.2.1\n")[0]


def test_an_address_of_one_service_is_named_at_its_line(tmp_path):
    assert problems(tmp_path, "[web]\naddress = 192.0.2.1\n") == [
        "kolla.conf:2: [web] address: 192.0.2.1 is not an address of this host"
    ]
    assert problems(tmp_path, "[web]\naddress = www\n") == [
        "kolla.conf:2: [web] address: 'www' is not an IP address"
    ]


@pytest.mark.parametrize("address, other, clash", [
    ("127.0.0.1", "127.0.0.1", True), ("127.0.0.1", "127.0.0.2", False),
    ("0.0.0.0", "127.0.0.2", True), ("127.0.0.1", "0.0.0.0", True), ("0.0.0.0", "0.0.0.0", True),
])
def test_a_port_cannot_be_wanted_twice(tmp_path, address, other, clash):
    two = make_container("two", listens=(Listen(other, "${web.port}"),))
    one = make_web(listens=(Listen(address, "${web.port}"),))
    found = problems(tmp_path, "[web]\nport = 77\n", one, two)
    assert len(found) == clash
    if clash:
        assert found[0].startswith("kolla.conf:2: [web] port: port 77 on")
        assert "two and web" in found[0]


@pytest.mark.parametrize("first, second, clash", [
    ("127.0.0.1", "127.0.0.1", False), ("127.0.0.1", "127.0.0.2", False),
    ("0.0.0.0", "127.0.0.1", True), ("127.0.0.1", "0.0.0.0", True),
])
def test_one_container_cannot_have_a_port_on_all_addresses_and_on_one(
    tmp_path, first, second, clash
):
    """As MariaDB with a former_address; what it binds in any case is no operator's to change."""
    options = {"web": (*WEB_OPTIONS["web"], cfg.StrOpt("one"), cfg.StrOpt("two"))}
    text = f"[web]\nport = 77\none = {first}\ntwo = {second}\n"
    listens = tuple(
        Listen(address, "${web.port}") for address in ("${web.one}", "${web.two}", "127.0.0.1"))
    found = problems(tmp_path, text, make_web(listens=listens, options=options))
    assert bool(found) is clash, found


def test_a_port_wanted_twice_is_no_problem_where_one_is_disabled(tmp_path):
    two = make_container("two", listens=(Listen("127.0.0.1", "8080"),))
    assert len(problems(tmp_path, "", make_web(), two)) == 1
    assert problems(tmp_path, "[host]\ndisabled = two\n", make_web(), two) == []


def test_an_option_cannot_ask_for_an_unknown_way_of_balancing(tmp_path):
    options = {"web": (*WEB_OPTIONS["web"], cfg.StrOpt("balanced"))}
    web = make_web(
        listens=(Listen("127.0.0.1", "${web.port}", "${web.balanced}"),), options=options)
    assert problems(tmp_path, "[web]\nport = 77\nbalanced = http\n", web) == []
    assert problems(tmp_path, "[web]\nport = 77\nbalanced = round\n", web) == [
        "kolla.conf:3: [web] balanced: 'round' is not one of http, tcp, one"
    ]


@pytest.mark.parametrize("proxied", ["20077", "http"])
def test_where_a_balancer_says_who_its_client_is_the_container_has_a_port(tmp_path, proxied):
    listen = Listen("127.0.0.1", "${web.port}", "http", proxied=proxied)
    assert problems(tmp_path, "[web]\nport = 77\n", make_web(listens=(listen,))) == [
        f"plugin 'web' of 'kolla-host': its port 77 is proxied at {proxied!r}, where it has none"
    ]
    both = make_web(listens=(listen, Listen("127.0.0.1", "20077")))
    found = problems(tmp_path, "[web]\nport = 77\n", both)
    assert bool(found) == (proxied != "20077"), found


def test_port_zero_cannot_be_listened_on(tmp_path):
    assert problems(tmp_path, "[web]\nport = 0\n") == [
        "kolla.conf:2: [web] port: '0' is not a port that can be listened on"
    ]


def test_the_interface_must_exist_and_carry_the_address(tmp_path):
    assert problems(tmp_path, "[host]\ninterface = lo\n") == []
    assert "there is no interface 'nope0'" in problems(
        tmp_path, "[host]\ninterface = nope0\n"
    )[0]
    assert problems(tmp_path, "[host]\ninterface = lo\naddress = 127.0.0.2\n") == [
        "kolla.conf:2: [host] interface: lo does not carry the address 127.0.0.2"
    ]
    assert "127.0.0.1" in network.addresses_of("lo")


# Options of services


@pytest.mark.parametrize("section, line, message", [
    ("DEFAULT", "debgu = true", "debgu: the service has no such option; did you mean 'debug'?"),
    ("DEFAULT", "debug = perhaps", "debug: 'perhaps' is not a valid boolean: "
                                   "Unexpected boolean value 'perhaps'"),
    ("DEFAULT", "workers = two", "workers: 'two' is not a valid integer"),
    ("DEFAULT", "workers = 10", "workers: '10' is not a valid integer: "
                                "Should be less than or equal to 9"),
    ("DEFAULT", "ratio = 0.1", "ratio: '0.1' is not a valid floating point: "
                               "Should be greater than or equal to 0.5"),
    ("DEFAULT", "level = mid", "level: 'mid' is not one of low, high"),
    ("DEFAULT", "level = hihg", "level: 'hihg' is not one of low, high; did you mean 'high'?"),
    ("DEFAULT", "listeners.tcp = x", "listeners.tcp: 'x' is not a valid integer"),
    ("store_1", "pth = x", "pth: the service has no such option; did you mean 'path'?"),
    ("default", "debug = 1", "the service has no group 'default'; did you mean 'DEFAULT'?"),
])
def test_a_wrong_option_of_a_service_names_file_line_and_nearest(tmp_path, section, line, message):
    gap = ": " if message.startswith("the service") else " "
    assert problems(tmp_path, f"\n[web/{section}]\n{line}\n") == [
        f"kolla.conf:3: [web/{section}]{gap}{message}"
    ]


@pytest.mark.parametrize("line", [
    "debug = On", "workers = 9", "ratio = 1", "level = low", "listeners.tcp = 5", "map = a:b",
    "workers = $debug",
])
def test_a_right_option_of_a_service_is_no_problem(tmp_path, line):
    assert problems(tmp_path, f"[web/DEFAULT]\n{line}\n[web/store_9]\npath = x\n") == []


def test_only_an_option_with_several_values_can_be_given_several_times(tmp_path):
    text = "[web/DEFAULT]\ndebug = 1\ndebug = 0\ndriver = a\ndriver = b\n"
    assert problems(tmp_path, text) == [
        "kolla.conf:3: [web/DEFAULT] debug: is set 2 times, but takes one value"
    ]


def test_an_unknown_group_of_a_service_is_named_once(tmp_path):
    found = problems(tmp_path, "[web/stroe]\na = 1\nb = 2\n")
    assert found == [
        "kolla.conf:2: [web/stroe]: the service has no group 'stroe'; did you mean 'store_*'?"
    ]


def test_the_groups_that_operators_name_are_open(tmp_path):
    web = make_web(open_groups=("file*",))
    assert problems(tmp_path, "[web/file1]\nanything = 1\n", web) == []


@pytest.mark.parametrize("known", [None, {}])
def test_without_an_option_list_nothing_is_said(tmp_path, known):
    assert problems(tmp_path, "[web/DEFAULT]\nanything = 1\n", known=known) == []


def test_options_of_a_service_stop_only_what_concerns_it(tmp_path):
    made = make_settings(tmp_path, "[web/DEFAULT]\ndebgu = 1\n")
    made.require_valid()
    web = made.catalog.containers["web"]
    made.require_valid_service(web, None)
    with pytest.raises(Invalid, match="debgu"):
        made.require_valid_service(web, KNOWN)


def test_the_shipped_configuration_is_valid(tmp_path):
    from kolla.catalog.catalog import Catalog
    from kolla.settings import Settings

    etc = Path(__file__).parents[3] / "etc" / "kolla"
    assert [str(problem) for problem in Settings.load(Catalog.load(), etc).problems()] == []


@pytest.mark.parametrize("lines, message", [
    ("listen_address = 192.0.2.77",
     "[monitor] listen_address: 192.0.2.77 is not an address of this host"),
    ("listen_address = here", "[monitor] listen_address: 'here' is not an IP address"),
    ("listen_port = 8080",
     "[monitor] listen_port: port 8080 on 127.0.0.1 is assigned to web as well"),
])
def test_the_endpoint_of_the_monitor_has_to_have_a_place(tmp_path, lines, message):
    assert problems(tmp_path, f"[monitor]\n{lines}\n") == [f"kolla.conf:2: {message}"]


@pytest.mark.parametrize("lines", [
    "listen_port = 0\nlisten_address = 192.0.2.77",
    "listen_address = 127.0.0.2\nlisten_port = 8080",
    "listen_address = ::1",
])
def test_an_endpoint_that_is_off_or_elsewhere_is_no_problem(tmp_path, lines):
    assert problems(tmp_path, f"[monitor]\n{lines}\n") == []


PLACES = {"web": (cfg.StrOpt("data"), cfg.StrOpt("size", default="1m"), secret("key", "A key."))}


@pytest.mark.parametrize("changes, text, reason", [
    ({"host_mounts": (HostMount("${web.data}", "/a", ""),)}, "data = srv",
     "kolla.conf:2: [web] data: the source of its mount /a of web cannot be 'srv'; it looks like "
     "/srv/instances"),
    ({"volumes": (Volume("${web.data}", "/a"),)}, "data = a/b",
     "kolla.conf:2: [web] data: the name of its volume /a of web cannot be 'a/b'; it looks like "
     "mariadb"),
    ({"scratch": (Scratch("/a", "${web.size}"),)}, "size = much",
     "kolla.conf:2: [web] size: the size of its scratch space /a of web cannot be 'much'; it looks"
     " like 64m"),
    ({"privileges": (Privilege("device", "", "${web.data}"),)}, "data =",
     "kolla.conf:2: [web] data: its privilege device of web cannot be ''; it looks like /dev/kvm"),
    ({"needs": (HostNeed("interface", "${web.data}", ""),)}, "data = a b",
     "kolla.conf:2: [web] data: its need interface of web cannot be 'a b'; it looks like eth0"),
    ({"needs": (HostNeed("file", "/srv/${web.key}", ""),)}, "key = x",
     "plugin 'web' of 'kolla-host': its need file of web takes in the secret web.key"),
    ({"needs": (HostNeed("file", "${web.path}", ""),)}, "",
     "plugin 'web' of 'kolla-host': there is no option [web] path in '${web.path}'"),
])
def test_what_a_container_wants_of_its_host_is_judged_when_its_options_are_known(
    tmp_path, changes, text, reason
):
    web = make_container("web", options=PLACES, **changes)
    assert problems(tmp_path, f"[web]\n{text}\n", web) == [reason]


def test_two_containers_that_contradict_each_other_are_named(tmp_path):
    forward = "net.ipv4.ip_forward"
    web, api = (
        make_container(name, options=PLACES, volumes=(Volume(volume, "/data"),),
                       needs=(HostNeed("sysctl", f"{forward}={value}", ""),))
        for name, volume, value in (("web", "data", 0), ("api", "${web.data}", 1))
    )
    assert problems(tmp_path, "[web]\ndata = data\n", web, api) == [
        "plugin 'web' of 'kolla-host': the volume data of web is also one of api, and they do not "
        "both declare it as shared",
        f"plugin 'web' of 'kolla-host': web needs {forward}=0 of this host, and api {forward}=1",
    ]


# Options of a project


SHOP = [make_container(f"shop-{name}", project="shop") for name in ("api", "worker")]
API, WORKER = {"DEFAULT": {"bind": {}}}, {"DEFAULT": {"threads": {"type": "integer"}}, "cache": {}}
LISTS = {"shop-api": API, "shop-worker": WORKER}


def of_shop(folder, text: str, lists=LISTS, **arguments) -> list[str]:
    made = make_settings(folder, text, *SHOP, **arguments)
    found = made.problems(lambda container: lists.get(container.name))
    return [str(problem).replace(f"{folder}/", "") for problem in found]


def test_an_option_of_a_project_is_right_if_any_of_its_containers_has_it(tmp_path):
    assert of_shop(tmp_path, "[shop/DEFAULT]\nbind = x\nthreads = 3\n") == []


@pytest.mark.parametrize("section, line, message", [
    ("DEFAULT", "thread = 1", "thread: the service has no such option; did you mean 'threads'?"),
    ("DEFAULT", "threads = x", "threads: 'x' is not a valid integer"),
    ("cash", "size = 1", "the service has no group 'cash'; did you mean 'cache'?"),
])
def test_a_wrong_option_of_a_project_is_named_once_at_its_line(tmp_path, section, line, message):
    gap = ": " if message.startswith("the service") else " "
    assert of_shop(tmp_path, f"[shop/{section}]\n{line}\n") == [
        f"kolla.conf:2: [shop/{section}]{gap}{message}"
    ]


def test_an_option_of_a_project_is_not_judged_while_one_of_its_lists_is_not_known(tmp_path):
    assert of_shop(tmp_path, "[shop/DEFAULT]\nthread = 1\n", {"shop-api": API}) == []
    here = "[host]\nenabled = shop-api\n[shop/DEFAULT]\nthread = 1\n"
    assert len(of_shop(tmp_path, here, {"shop-api": API})) == 1


def test_a_misspelt_project_names_the_nearest(tmp_path):
    assert of_shop(tmp_path, "[shob/DEFAULT]\na = 1\n") == [
        "kolla.conf:1: [shob/DEFAULT]: there is no container or project 'shob'; "
        "did you mean 'shop'?"
    ]


def test_a_secret_of_a_project_in_a_file_that_others_can_read_is_a_problem(tmp_path):
    made = make_settings(tmp_path, "[shop/DEFAULT]\nadmin_password = hush\n", *SHOP)
    (tmp_path / "kolla.conf").chmod(0o644)
    (problem,) = made.problems()
    assert "[shop/DEFAULT] admin_password is a secret" in str(problem)
