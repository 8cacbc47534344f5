import io
import json
import os

import pytest
from oslo_config import cfg

from kolla.cli import config
from kolla.cli.main import Kolla


@pytest.fixture
def kolla(tmp_path, capsys, monkeypatch):
    """Runs a command on a configuration directory: (exit code, output, errors)."""
    # Not the state of this machine.
    state = {"OS_DEFAULT__STATE_DIR": str(tmp_path / "state")}
    monkeypatch.setattr(os, "environ", {**os.environ, **state, "OS_LOGS__MAX_FILES": "4"})

    def run(*words: str, conf: str | None = None):
        if conf is not None:
            (tmp_path / "kolla.conf").touch(mode=0o600)
            (tmp_path / "kolla.conf").write_text(conf)
        code = Kolla().run(["--config-dir", str(tmp_path), *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


SECRETS = "[identity]\nadmin_password = hush1\n[keystone]\ndatabase_password = hush2\n" \
          "[keystone/x]\nsome_token = hush3\n[keystone/DEFAULT]\ndebug = true\n"


def test_show_tells_value_and_source_of_every_option(kolla, tmp_path):
    code, out, _ = kolla("--set", "engine.parallel=7", "config", "show", "-f", "json",
                         conf=SECRETS)
    rows = {(row["group"], row["option"]): row for row in json.loads(out)}
    assert code == 0 and set(json.loads(out)[0]) == {"group", "option", "value", "source"}
    assert rows["engine", "parallel"]["source"] == "command line"
    assert rows["logs", "max_files"]["source"] == "environment OS_LOGS__MAX_FILES"
    assert rows["host", "address"]["source"] == "default"
    assert rows["identity", "admin_password"]["source"] == f"{tmp_path}/kolla.conf:2"
    assert rows["keystone/DEFAULT", "debug"]["value"] == "true"
    assert rows["keystone/x", "some_token"]["value"] == "********"
    assert "hush" not in out


def test_the_folder_of_the_configuration_may_be_named_from_where_one_is(
    kolla, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path.parent)
    code, out, err = kolla("--config-dir", tmp_path.name, "config", "show", "certificates",
                           "-f", "json", conf="")
    assert code == 0, err
    assert f"{tmp_path}/certificates" in {row["value"] for row in json.loads(out)}


def test_show_of_an_unknown_group_names_the_nearest(kolla):
    code, _, err = kolla("config", "show", "keyston", conf="")
    assert code == 2 and "there is no group [keyston]; did you mean 'keystone'?" in err


def test_show_of_one_group_has_only_that(kolla):
    _, out, _ = kolla("config", "show", "host", "-f", "value", "-c", "group", conf="")
    assert set(out.split()) == {"host"}


def test_validate_is_silent_about_what_is_right_and_fails_on_what_is_wrong(kolla, tmp_path):
    kolla("config", "passwords", conf="")
    assert kolla("config", "validate")[:2] == (0, "the configuration is valid\n")
    code, out, _ = kolla("config", "validate", conf="[host]\nadress = 1\n")
    assert code == 1
    assert out == (
        f"{tmp_path}/kolla.conf:2: [host] has no option 'adress'; did you mean 'address'?\n"
    )


def test_validate_lists_malformed_lines_as_data(kolla, tmp_path):
    code, out, _ = kolla("config", "validate", "-f", "json", conf="[host]\nnonsense\n")
    assert code == 1 and json.loads(out) == [{
        "kind": "problem", "file": f"{tmp_path}/kolla.conf", "line": 2,
        "message": "No ':' or '=' found in assignment",
    }]


def test_validate_notes_options_it_cannot_check(kolla, tmp_path):
    code, out, _ = kolla(
        "--set", f"docker.url=unix://{tmp_path}/none", "--set", f"DEFAULT.state_dir={tmp_path}/s",
        "config", "validate", "-f", "json", conf="[keystone/DEFAULT]\ndebug = true\n",
    )
    note, _ = json.loads(out)
    assert code == 0 and note["kind"] == "note" and note["line"] == 2
    assert "options of keystone are not checked" in note["message"]


def test_validate_notes_which_secrets_are_missing(kolla, tmp_path):
    code, out, _ = kolla("config", "validate", conf="[keystone]\ndatabase_password = set\n")
    assert code == 0 and f"note: {tmp_path}/kolla.conf.d/passwords.conf: no value is set" in out
    assert "[identity] admin_password" in out and "[keystone] database_password" not in out
    assert "`kolla config passwords` makes them up" in out


def test_validate_names_a_problem_once_and_not_as_a_note_too(kolla):
    code, out, _ = kolla("config", "validate", conf="[glance]\nstores = swfit\n")
    assert code == 1 and out.count("swfit") == 1


def test_secrets_of_a_plugin_that_was_uninstalled_are_only_noted(kolla, tmp_path):
    kolla("config", "passwords", conf="")
    path = tmp_path / "kolla.conf.d" / "passwords.conf"
    path.write_text(path.read_text() + "\n[barbican]\npassword = 1\n")
    line = len(path.read_text().splitlines()) - 1
    code, out, _ = kolla("config", "validate")
    assert code == 0 and f"note: {path}:{line}: there is no group [barbican]" in out
    assert kolla("config", "validate", conf="[barbican]\n")[0] == 1


def test_sample_is_a_kolla_conf_with_every_option_of_kolla_and_the_plugins(kolla, tmp_path):
    code, out, _ = kolla("config", "sample", conf="")
    assert code == 0
    for line in ("[host]", "#address = 127.0.0.1", "[keystone]", "[database]", "[messaging]"):
        assert f"\n{line}\n" in out
    assert kolla("config", "validate", conf=out)[0] == 0


def test_the_example_of_sample_does_not_overwrite_a_configuration():
    assert "> /etc/kolla/kolla.conf" not in config.Sample.example + "\n"


PLUGIN = """
from oslo_config import cfg
from kolla.plugin import Container, Image, shared_folder
CACHE = Container(
    name="cache", parent="database-control", summary="", user=1,
    image=Image("cache", shared_folder("docker", "base"), parent=None),
    options={"cache": (cfg.IntOpt("memory", default=64, help="Megabytes."),)},
)
"""


def test_the_group_of_a_third_party_plugin_is_in_the_sample_by_itself(kolla, site):
    site("kolla-cache", "[kolla.containers]\ncache = their_cache:CACHE\n", their_cache=PLUGIN)
    out = kolla("config", "sample", conf="")[1]
    assert "[cache]\n\n#\n# From kolla-cache\n#\n" in out
    assert "# Megabytes. (integer value)\n#memory = 64\n" in out
    assert "[host]\n\n#\n# From kolla\n#\n" in out
    assert kolla("config", "validate", conf="[cache]\nmemory = 1\n")[0] == 0


def test_a_broken_plugin_is_warned_of_and_fails_validation_once(kolla, site):
    site("kolla-broken", "[kolla.containers]\nbroken = not_there:X\n")
    code, out, err = kolla("config", "show", "host", conf="")
    assert code == 0 and "plugin 'broken' (kolla.containers) of distribution 'kolla-broken'" in err
    code, out, err = kolla("config", "validate")
    assert code == 1 and (out + err).count("'kolla-broken'") == 1


@pytest.mark.parametrize("namespace, option", [
    ("kolla.backends", "[backend]\ndriver"), ("kolla.hooks", "[hooks]\nenabled"),
])
def test_a_backend_or_hook_that_is_broken_fails_validation(kolla, site, namespace, option):
    site("kolla-broken", f"[{namespace}]\nbroken = not_there:X\n")
    code, out, _ = kolla("config", "validate", conf=f"{option} = broken\n")
    assert code == 1 and "kolla.conf:2: " in out
    assert "distribution 'kolla-broken': cannot be imported from not_there:X" in out


def test_sample_is_what_oslos_generator_makes_of_the_entry_point(kolla):
    from oslo_config import generator

    conf, stream = cfg.ConfigOpts(), io.StringIO()
    generator.register_cli_opts(conf)
    conf(["--namespace", "kolla", "--wrap-width", "90"])
    generator.generate(conf, stream)
    assert kolla("config", "sample", conf="")[1].endswith(stream.getvalue())


def test_passwords_tells_names_and_never_values(kolla, tmp_path):
    code, out, _ = kolla("config", "passwords", "--dry-run", "-f", "json", conf="")
    missing = json.loads(out)
    path = tmp_path / "kolla.conf.d" / "passwords.conf"
    assert code == 0 and not path.exists()
    assert {"group": "identity", "option": "admin_password", "file": str(path)} in missing
    assert not any(row["group"] == "images" for row in missing)
    code, out, err = kolla("config", "passwords")
    assert code == 0 and "filled in [identity] admin_password" in out
    for line in path.read_text().splitlines():
        _, equals, value = line.partition(" = ")
        assert not equals or value not in out + err
    assert kolla("config", "passwords")[1] == "no secret is missing\n"


def test_environment_masks_secrets_and_is_the_same_every_time(kolla):
    conf = SECRETS + "[keystone/DEFAULT]\nmin = $$x\n"
    code, out, _ = kolla("config", "environment", "keystone", "-f", "json", conf=conf)
    variables = json.loads(out)
    assert code == 0 and "hush" not in out
    assert ":********@" in variables["OS_DATABASE__CONNECTION"]
    assert variables["OS_DEFAULT__MIN"] == "$$x" and variables["OS_X__SOME_TOKEN"] == "********"
    assert kolla("config", "environment", "keystone", "-f", "json")[1] == out


def test_environment_of_an_unknown_container_names_the_nearest(kolla):
    code, _, err = kolla("config", "environment", "keystne", conf="")
    assert code == 2 and "did you mean 'keystone'?" in err
