import os
import socket
import tempfile
from pathlib import Path

import pytest
from oslo_config import cfg
from tests.unit.support.plugins import make_catalog, make_container, make_settings, make_web

from kolla.errors import KollaError, UsageError
from kolla.plugin import ContainerSet, Former
from kolla.settings import Invalid, Settings

PORT = "[web]\nport = {}\n"


def test_the_command_line_beats_the_environment_beats_the_files(tmp_path, monkeypatch):
    """Each stronger source in turn, from the default up."""
    files = {}
    assert make_settings(tmp_path).value("web", "port") == 8080

    def port(**arguments) -> int:
        return make_settings(tmp_path, PORT.format(1), host="me", **files, **arguments).value(
            "web", "port"
        )

    assert port() == 1
    files["a"] = PORT.format(2)
    assert port() == 2
    files["b"] = PORT.format(3)
    assert port() == 3
    files["hosts_other"] = PORT.format(99)
    assert port() == 3
    files["hosts_me"] = PORT.format(4)
    assert port() == 4
    monkeypatch.setenv("OS_WEB__PORT", "5")
    assert port() == 5
    assert port(overrides={"web.port": "6"}) == 6


@pytest.mark.parametrize("changes, source", [
    ({}, "kolla.conf:2"),
    ({"a": PORT.format(2)}, "kolla.conf.d/a.conf:2"),
    ({"hosts_me": "\n" + PORT.format(2)}, "hosts/me.conf:3"),
])
def test_every_value_tells_file_and_line(tmp_path, changes, source):
    made = make_settings(tmp_path, PORT.format(1), host="me", **changes)
    assert str(made.origin("web", "port")) == f"{tmp_path}/{source}"


def test_a_value_tells_the_variable_or_the_command_line_or_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("OS_WEB__DEBUG", "true")
    made = make_settings(tmp_path, overrides={"web.port": "1"})
    assert str(made.origin("web", "port")) == "command line"
    assert str(made.origin("web", "debug")) == "environment OS_WEB__DEBUG"
    assert made.origin("web", "names") is None


def test_the_host_is_named_by_argument_or_option_or_by_itself(tmp_path):
    files = {"hosts_me": PORT.format(4), f"hosts_{socket.gethostname()}": PORT.format(5)}
    assert make_settings(tmp_path, "[host]\nname = me\n", **files).value("web", "port") == 4
    assert make_settings(tmp_path, "", **files).value("web", "port") == 5
    made = make_settings(tmp_path, "[host]\nname = other\n", host="me", **files)
    assert made.host == "me" and made.value("web", "port") == 4


def test_unset_host_name_is_that_of_the_machine(tmp_path):
    assert make_settings(tmp_path).value("host", "name") == socket.gethostname()


def test_a_plain_option_takes_in_others_and_a_secret_does_not(tmp_path):
    made = make_settings(tmp_path, "[web]\npolicy = /x/$port\npassword = /x/$port$$\n")
    assert made.value("web", "policy") == "/x/8080"
    assert made.value("web", "password") == "/x/$port$$"


@pytest.mark.parametrize("name", ["web.prt", "wbe.port", "web", "wbe/DEFAULT.debug"])
def test_an_unknown_override_is_wrong_usage(tmp_path, name):
    with pytest.raises(UsageError, match=f"--set {name}"):
        make_settings(tmp_path, overrides={name: "1"})


def test_an_override_of_the_wrong_type_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="'many' is not a valid port"):
        make_settings(tmp_path, overrides={"web.port": "many"})
    with pytest.raises(UsageError, match="host.address: 'foo' is not a valid IP address$"):
        make_settings(tmp_path, overrides={"host.address": "foo"})


def test_a_missing_directory_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="there is no directory"):
        Settings.load(make_catalog(), tmp_path / "none")


def test_all_malformed_files_are_named_with_their_lines_and_without_their_text(tmp_path):
    with pytest.raises(Invalid) as caught:
        make_settings(tmp_path, "[web]\nport = 1\nhush-hush\n", a="[web\n", b="\n\nx = 1\n")
    places = [(problem.file, problem.line) for problem in caught.value.problems]
    assert places == [
        (f"{tmp_path}/kolla.conf", 3), (f"{tmp_path}/kolla.conf.d/a.conf", 1),
        (f"{tmp_path}/kolla.conf.d/b.conf", 3),
    ]
    assert "hush" not in str(caught.value)


def test_a_file_that_is_no_text_is_named_with_the_line(tmp_path):
    (tmp_path / "kolla.conf").write_bytes(b"[web]\n# \xff\n")
    with pytest.raises(Invalid, match="kolla.conf:2: is not UTF-8"):
        Settings.load(make_catalog(), tmp_path)


def test_a_file_with_a_byte_order_mark_is_refused_in_one_line_that_says_so(tmp_path):
    (tmp_path / "kolla.conf").write_bytes(b"\xef\xbb\xbf[web]\r\nport = 1\r\n")
    with pytest.raises(Invalid) as caught:
        Settings.load(make_catalog(), tmp_path)
    (problem,) = caught.value.problems
    assert problem.line == 1 and "byte order mark" in problem.message


def test_a_file_in_place_of_a_folder_is_named_and_root_is_no_help(tmp_path):
    (tmp_path / "kolla.conf.d").touch()
    with pytest.raises(KollaError) as refused:
        Settings.load(make_catalog(), tmp_path)
    assert refused.value.message == f"cannot read {tmp_path}/kolla.conf.d: Not a directory"
    assert refused.value.hint == ""


@pytest.mark.parametrize("closed", ["kolla.conf", "kolla.conf.d", "kolla.conf.d/a.conf", "hosts"])
def test_what_is_not_for_us_to_read_is_named(closed):
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = make_settings(folder, "", a="", hosts_me="").catalog
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        (folder / closed).chmod(0o000)
        os.seteuid(65534 if user == 0 else user)
        try:
            with pytest.raises(KollaError, match=f"cannot read .*/{closed}.*: Permission denied"):
                Settings.load(catalog, folder, "me")
        finally:
            os.seteuid(user)
            (folder / closed).chmod(0o755)


def test_a_list_from_the_environment_and_a_multi_value_option_stay_whole(tmp_path, monkeypatch):
    options = {"many": (cfg.MultiStrOpt("words"), cfg.ListOpt("items"))}
    monkeypatch.setenv("OS_MANY__WORDS", "word")
    monkeypatch.setenv("OS_MANY__ITEMS", "a,b")
    made = make_settings(tmp_path, "", make_container(options=options))
    assert made.value("many", "words") == ["word"] and made.value("many", "items") == ["a", "b"]


def enabled(folder, text: str) -> list[str]:
    sides = [make_container(*pair) for pair in (("a", "left"), ("b", "left"), ("c", "right"))]
    spare = [
        make_container("d", "left", optional=True, formerly=(Former("delta"),)),
        ContainerSet("spare", "", optional=True), make_container("e", "spare"),
        ContainerSet("inner", "", "spare", optional=True), make_container("f", "inner"),
    ]
    (folder / "kolla.conf").write_text(text)
    catalog = make_catalog(*sides, *spare, sets=("left", "right"))
    return [container.name for container in Settings.load(catalog, folder).enabled()]


@pytest.mark.parametrize("text, names", [
    ("", ["a", "b", "c"]),
    ("[host]\nenabled = left\n", ["a", "b"]),
    ("[host]\nenabled = c, a\n", ["a", "c"]),
    ("[host]\ndisabled = left\n", ["c"]),
    ("[host]\nenabled = left\ndisabled = a\n", ["b"]),
    ("[host]\nenabled = unknown\n", []),
    ("[host]\nenabled = d\n", ["d"]),
    ("[host]\nenabled = delta\n", ["d"]),
    ("[host]\nenabled = left, d\n", ["a", "b", "d"]),
    ("[host]\nenabled = all, spare\n", ["a", "b", "c", "e"]),
    ("[host]\nenabled = spare, inner\n", ["f", "e"]),
    ("[host]\nenabled = all, d\ndisabled = left\n", ["c"]),
    ("[host]\nenabled = all\ndisabled = spare\n", ["a", "b", "c"]),
])
def test_enabled_and_disabled_name_sets_and_containers(tmp_path, text, names):
    assert enabled(tmp_path, text) == names


# Options of services


def test_options_of_a_service_become_its_variables(tmp_path):
    made = make_settings(
        tmp_path, "[web/DEFAULT]\ndebug = true\nstate = $dir/x\n[web/my-group]\nx = a=b\n"
    )
    environment = made.environment(made.enabled()[0])
    assert list(environment) == sorted(environment)
    revealed = {k: made.reveal(v) for k, v in environment.items() if k.startswith("OS_")}
    assert revealed == {
        "OS_DEFAULT__DEBUG": "true", "OS_DEFAULT__STATE": "$dir/x", "OS_MY-GROUP__X": "a=b",
    }


def test_of_several_files_the_last_one_sets_a_service_option(tmp_path):
    made = make_settings(
        tmp_path, "[web/DEFAULT]\nx = 1\ny = 1\n", host="me",
        a="[web/DEFAULT]\nx = 2\n", hosts_me="[web/DEFAULT]\nx = 3\nx = 4\n",
        overrides={"web/DEFAULT.z": "5"},
    )
    options = made.service_options(made.enabled()[0])
    assert options["DEFAULT", "x"] == ("web", ("3", "4"), f"{tmp_path}/hosts/me.conf", 3)
    assert options["DEFAULT", "y"].values == ("1",)
    assert options["DEFAULT", "z"] == ("web", ("5",), "command line", None)
    assert made.environment(made.enabled()[0])["OS_DEFAULT__X"] == "3\n4"


def test_a_service_option_of_the_operator_beats_that_of_the_plugin(tmp_path):
    web = make_web(environment={"OS_DEFAULT__DEBUG": "${web.debug}"})
    made = make_settings(tmp_path, "[web/DEFAULT]\ndebug = true\n", web)
    assert made.environment(web) == {"OS_DEFAULT__DEBUG": "true"}


def test_a_service_option_can_refer_to_options_of_kolla(tmp_path):
    made = make_settings(
        tmp_path, "[web]\npassword = p@ss\n[web/database]\n"
        "connection = db://${web.port}:${url:web.password}@${state.path}\n"
        "password = ${web.password}\n",
    )
    environment = made.environment(made.enabled()[0])
    assert environment["OS_DATABASE__CONNECTION"] == (
        "db://8080:${url:web.password}@$${state.path}"
    )
    assert environment["OS_DATABASE__PASSWORD"] == "${web.password}"
    assert made.reveal(environment["OS_DATABASE__CONNECTION"]) == "db://8080:p%40ss@${state.path}"


@pytest.mark.parametrize("line", [
    "admin_password = hush$x", "auth_token = hush", "transport_url = rabbit://me:hush@host/",
    "secret = hush-${web.port}", "swift_store_key = hush", "metadata_encryption_key = hush",
    "hmac_keys = hush", "memcache_auth_str = hush", "default_pass = hush",
    "replication_device = backend_id:b,san_password:hush", "encryption_root_secret_2 = hush",
    "key_passphrase = hush", "approle_secret_id = hush", "key = hush", "PASSCODE = hush",
])
def test_secrets_among_the_options_of_services_stay_references(tmp_path, line):
    made = make_settings(tmp_path, f"[web/a-b]\n{line}\n")
    environment = made.environment(made.enabled()[0])
    assert "hush" not in str(environment)
    option, _, value = line.partition(" = ")
    text = environment[f"OS_A-B__{option.upper()}"]
    assert made.references(text) == [f"web/a-b.{option}"]
    assert made.reveal(text) == value.replace("${web.port}", "8080")


@pytest.mark.parametrize("line", [
    "ssl_key_file = /etc/key.pem", "key_repository = /keys", "max_active_keys = 5",
    "allow_credentials = true", "token_ttl = 60", "monkey = banana", "keystone = here",
    "password_hash_algorithm = bcrypt", "bypass = all",
])
def test_options_of_services_that_only_sound_like_secrets_are_shown(tmp_path, line):
    made = make_settings(tmp_path, f"[web/DEFAULT]\n{line}\n")
    option, _, value = line.partition(" = ")
    assert made.environment(made.enabled()[0])[f"OS_DEFAULT__{option.upper()}"] == value


def test_a_secret_of_a_service_that_is_gone_is_named(tmp_path):
    with pytest.raises(KollaError, match="web/DEFAULT.admin_password"):
        make_settings(tmp_path).reveal("${web/DEFAULT.admin_password}")


def test_an_option_of_a_project_reaches_all_its_containers_and_that_of_one_wins(tmp_path):
    shop = [make_container(f"shop-{name}", project="shop") for name in ("api", "worker")]
    own = "[shop-api/DEFAULT]\ndebug = false\n"
    made = make_settings(
        tmp_path, own, *shop, overrides={"shop/DEFAULT.debug": "true"},
        late="[shop/DEFAULT]\nadmin_password = hush\n",
    )
    api, worker = map(made.environment, shop)
    assert (api["OS_DEFAULT__DEBUG"], worker["OS_DEFAULT__DEBUG"]) == ("false", "true")
    assert "hush" not in str([api, worker])
    for environment in api, worker:
        assert made.reveal(environment["OS_DEFAULT__ADMIN_PASSWORD"]) == "hush"
