"""What tools/quickstart does without touching the machine."""

import http.server
import importlib.util
import json
import pathlib
import socket
import subprocess
import sys
import threading

import pytest
from openstack.config import OpenStackConfig

from kolla.catalog.catalog import Catalog
from kolla.settings.enabled import enabled

TOOLS = pathlib.Path(__file__).parents[3] / "tools"
HELPER = TOOLS / "lib" / "quickstart.py"


@pytest.fixture(scope="module")
def helper():
    spec = importlib.util.spec_from_file_location("quickstart", HELPER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def quickstart(*arguments, **how):
    return subprocess.run(
        [TOOLS / "quickstart", *arguments], capture_output=True, text=True, timeout=30, **how
    )


def options(file, text):
    done = subprocess.run(
        ["python3", HELPER, "options", file],
        input=text, capture_output=True, text=True, check=True,
    )
    return done.stdout.strip()


def test_help_names_every_option():
    done = quickstart("--help")
    assert done.returncode == 0
    script = (TOOLS / "quickstart").read_text()
    known = script[script.index("case $1"):script.index("esac")]
    for word in known.split():
        if word.startswith("--") and word.isascii() and "*" not in word:
            assert word.rstrip(")") in done.stdout


@pytest.mark.parametrize("arguments, complaint", [
    (["--adress", "127.0.0.1"], "there is no option --adress"),
    (["keystone"], "there is no option keystone"),
    (["--address"], "--address needs a value"),
])
def test_wrong_usage_is_named_and_ends_with_2(arguments, complaint):
    done = quickstart(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_help_works_with_standard_input_closed():
    done = subprocess.run(
        ["bash", "-c", f"'{TOOLS}/quickstart' --help <&-"], capture_output=True, timeout=30
    )
    assert done.returncode == 0


def test_engine_configuration_is_merged_and_nothing_lost(helper, tmp_path):
    file = tmp_path / "docker" / "daemon.json"
    assert helper.merge(str(file), "live-restore=true") == "changed"
    file.write_text('{"log-driver": "journald", "live-restore": false}')
    assert helper.merge(str(file), "live-restore=true", 'bridge="none"') == "changed"
    expected = {"log-driver": "journald", "live-restore": True, "bridge": "none"}
    assert json.loads(file.read_text()) == expected
    assert helper.merge(str(file), "live-restore=true") == "unchanged"


def test_broken_engine_configuration_is_named_with_its_line_and_kept(helper, tmp_path):
    file = tmp_path / "daemon.json"
    file.write_text('{\n"live-restore" true}')
    with pytest.raises(SystemExit, match="daemon.json:2: not valid JSON"):
        helper.merge(str(file), "live-restore=true")
    assert file.read_text() == '{\n"live-restore" true}'


def test_options_are_written_once_for_the_owner_only_and_others_kept(tmp_path):
    file = tmp_path / "kolla.conf.d" / "quickstart.conf"
    text = "images.proxy=http://user:100%@proxy:3128\nDEFAULT.state_dir=/srv/kolla\n"
    assert options(file, text) == "changed"
    assert options(file, text) == "unchanged"
    assert options(file, "docker.url=unix:///run/other.sock\n") == "changed"
    assert file.stat().st_mode & 0o777 == 0o600
    lines = file.read_text().splitlines()
    assert "proxy = http://user:100%@proxy:3128" in lines
    assert "[DEFAULT]" in lines and "state_dir = /srv/kolla" in lines
    assert "url = unix:///run/other.sock" in lines


def test_installation_is_repeated_only_when_something_installed_changes(helper, tmp_path):
    script = tmp_path / "docker" / "base" / "kolla-install"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    first = helper.digest(str(tmp_path))
    (tmp_path / "README.rst").write_text("Read me.")
    assert helper.digest(str(tmp_path)) == first
    script.chmod(0o755)
    assert helper.digest(str(tmp_path)) != first


def test_address_is_one_of_this_host(helper):
    family = socket.AF_INET6 if ":" in helper.address() else socket.AF_INET
    with socket.socket(family) as candidate:
        candidate.bind((helper.address(), 0))
        assert candidate.getsockname()[0] == helper.address()


def test_engine_tells_version_live_restore_and_what_runs(helper):
    facts = {"ServerVersion": "26.1.5", "LiveRestoreEnabled": True, "ContainersRunning": 3}

    class Info(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(facts).encode())

        def log_message(self, *ignored):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Info) as server:
        threading.Thread(target=server.handle_request).start()
        assert helper.engine(f"tcp://127.0.0.1:{server.server_port}") == "26.1.5 true 3"


def test_options_of_an_earlier_run_are_remembered(helper, tmp_path):
    file = tmp_path / "quickstart.conf"
    assert helper.option(str(file), "images.ca_bundle") == ""
    options(file, "images.ca_bundle=/etc/site.pem\n")
    assert helper.option(str(file), "images.ca_bundle") == "/etc/site.pem"
    assert helper.option(str(file), "images.proxy") == ""


def test_root_takes_no_packages_from_further_indexes(tmp_path):
    """Those could put a package of any name there: dependency confusion."""
    for name, text in (("id", "echo 1000"), ("sudo", 'printf "%s\\n" "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", f"source {TOOLS}/lib/machine.bash; as_root quickstart"],
        capture_output=True, text=True, timeout=30,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "PIP_EXTRA_INDEX_URL": "http://192.0.2.1"},
    )
    kept, *command = done.stdout.split()
    assert command == ["--", "quickstart"]
    assert "PIP_INDEX_URL" in kept and "PIP_EXTRA_INDEX_URL" not in kept


def test_clouds_yaml_is_what_the_openstack_client_reads(tmp_path):
    (tmp_path / "kolla.conf").write_text(
        "[host]\naddress = 192.0.2.11\n[api]\ntls = true\n"
        "[identity]\nadmin_password = it's \"one\": #3\n")
    done = subprocess.run(
        [sys.executable, HELPER, "clouds", tmp_path], capture_output=True, text=True, check=True)
    (tmp_path / "clouds.yaml").write_text(done.stdout)
    loader = OpenStackConfig(
        config_files=[str(tmp_path / "clouds.yaml")], load_envvars=False)
    cloud = loader.get_one("kolla-admin", validate=False)
    assert cloud.auth["password"] == "it's \"one\": #3"
    assert cloud.auth["auth_url"].startswith("https://")
    assert cloud.config["cacert"] == f"{tmp_path}/certificates/ca.crt"


def profile(command: str) -> str:
    """What a command of tools/lib/profiles.bash prints, after an earlier run with Nova's API."""
    done = subprocess.run(
        ["bash", "-c", f"""set -euo pipefail
        declare -A given=([state-dir]=/srv/state); log=/dev/null
        remembered() {{ [[ $1 != host.enabled ]] || echo "all, nova-api"; }}
        source {TOOLS}/lib/profiles.bash; source {TOOLS}/lib/proof.bash; {command}"""],
        capture_output=True, text=True, timeout=30, check=True,
    )
    return done.stdout.strip()


def test_a_profile_is_added_to_what_runs_already():
    assert profile("enabled_by control") == ""
    assert profile("enabled_by storage") == "all, nova-api, swift"
    assert profile("enabled_by compute").split(", ").count("nova-api") == 1
    assert "swift.folder=/srv/state/devices" in profile("options_of storage").splitlines()


def test_virtual_machines_are_measured_where_there_are_hypervisor_and_telemetry():
    def added(name, before):
        remembered = f'remembered() {{ [[ $1 != host.enabled ]] || echo "{before}"; }}; '
        return profile(f"{remembered} enabled_by {name}").split(", ")

    compute, telemetry = added("compute", "all"), added("telemetry", "all")
    assert "ceilometer-compute" not in compute + telemetry
    assert added("compute", ", ".join(telemetry)).count("ceilometer-compute") == 1
    assert added("telemetry", ", ".join(compute)).count("ceilometer-compute") == 1


def test_all_is_every_other_profile_and_each_part_but_the_cache_is_proved():
    everything = set(profile("enabled_by all").split(", "))
    assert {"horizon", "cache-control", "heat-api"} < everything
    for name in profile("profile_names").split(", "):
        assert set(profile(f"enabled_by {name}").split(", ")) - {""} <= everything
    assert profile('proofs_of "$(enabled_by all)"').split() == [
        "compute", "storage", "telemetry", "orchestration", "dashboard"]


def test_parts_are_known_by_whole_names():
    assert profile("parts_of 'all, heat-api-cfn, openstack-storage-operation'") == ""
    assert profile("""parts_of "['all', 'swift']" """) == "storage"


def test_a_profile_that_there_is_not_is_refused_with_those_that_there_are():
    done = quickstart("--profile", "everything")
    assert done.returncode == 2
    assert "there is no everything, but all, compute, control, dashboard" in done.stderr


def test_every_profile_is_enabled_by_names_of_the_tree():
    names = set(profile("enabled_by all").split(", ")) - {"all"}
    assert names - Catalog.load().nodes.keys() == set()


#: Containers that need what a single fresh machine does not have, by the beginning of their names.
NOT_IN_ALL = ("cinder", "haproxy", "keepalived", "mongodb", "octavia")


def test_all_runs_whatever_a_single_machine_can_run():
    catalog = Catalog.load()
    running = enabled(catalog, profile("enabled_by all").split(", "), ())
    missing = {
        one.name for one in catalog.containers.values()
        if one not in running and "2026.2" in (one.releases or ("2026.2",))
    }
    assert {name for name in missing if not name.startswith(NOT_IN_ALL)} == set()
    assert all(any(name.startswith(word) for name in missing) for word in NOT_IN_ALL)
