"""What runs in a container may do little, leaves nothing behind and tells no secret."""

import datetime
import json
import re

import pytest

from tests.functional.support.watching import get, until

NAMES = ("mariadb", "rabbitmq", "keystone", "glance-api")
KEYRINGS = ("fernet-keys", "credential-keys")
USERS = {"mariadb": 42434, "rabbitmq": 42439, "keystone": 42425, "glance-api": 42415}


def inside(cloud, name: str, *command: str, expect: int | None = 0) -> str:
    return cloud.deployment.kolla("container", "exec", name, "--", *command, expect=expect).stdout


def inspected(cloud, name: str) -> dict:
    with cloud.deployment.engine.client() as client:
        return client.containers.get(*cloud.running(name)).attrs


@pytest.mark.parametrize("name", NAMES)
def test_container_has_no_rights_beyond_its_own(cloud, name):
    host = inspected(cloud, name)["HostConfig"]
    assert host["ReadonlyRootfs"] and not host["Privileged"]
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None)
    assert "no-new-privileges" in host["SecurityOpt"]
    assert (host["PidMode"], host["IpcMode"], host["NetworkMode"]) == ("", "private", "host")
    assert host["RestartPolicy"]["Name"] == "always"
    assert host["LogConfig"]["Config"] == {"max-size": "50m", "max-file": "3"}


@pytest.mark.parametrize("name", NAMES)
def test_every_process_is_an_ordinary_user_without_capabilities(cloud, name):
    status = inside(cloud, name, "bash", "-c", "cat /proc/[0-9]*/status")
    for field, value in (("Uid", rf"({USERS[name]}\s+){{3}}{USERS[name]}"), ("NoNewPrivs", "1"),
                         ("CapEff", "0+"), ("CapBnd", "0+")):
        found = re.findall(rf"^{field}:\s+(.*?)\s*$", status, re.MULTILINE)
        assert found and all(re.fullmatch(value, text) for text in found), (field, found)


@pytest.mark.parametrize("name", NAMES)
def test_root_file_system_cannot_be_written_to(cloud, name):
    places = "for p in / /etc /usr /opt /var/lib /home; do touch $p/x 2>/dev/null && echo $p; done"
    assert inside(cloud, name, "bash", "-c", f"{places}; true") == ""
    inside(cloud, name, "bash", "-c", "touch /tmp/x /run/kolla/x && rm /tmp/x /run/kolla/x")


@pytest.mark.parametrize("name", NAMES)
def test_process_1_reaps_a_zombie(cloud, name):
    # The parent of the sleep ends before it does, so that process 1 becomes its parent.
    found = inside(
        cloud, name, "bash", "-c",
        "cat /proc/1/comm; orphan=$(sleep 0.2 > /dev/null & echo $!); ps() { cat /proc/$1/stat; };"
        "ps $orphan | cut -d ' ' -f 4; sleep 0.6; ps $orphan 2> /dev/null;"
        "cat /proc/[0-9]*/stat | cut -d ' ' -f 3 | grep Z; true",
    )
    assert found.splitlines() == ["tini", "1"]


@pytest.mark.parametrize("name", ["keystone", "glance-api"])
def test_requests_are_logged_on_standard_output_alone(cloud, name):
    port, path = {"keystone": (5000, "/v3"), "glance-api": (9292, "/versions")}[name]
    files = ("bash", "-c", "find / -xdev -newer /proc/1/comm -type f 2>/dev/null; "
             "find /tmp /run/kolla /var/lib/{keystone,glance} /var/lib/kolla -type f "
             "-printf '%p %s\\n' 2>/dev/null; true")
    get(cloud.deployment.address, port, path)  # the first makes the lock that all of them take
    before = inside(cloud, name, *files)
    for number in range(20):
        get(cloud.deployment.address, port, f"{path}?kolla-test={number}")
    assert inside(cloud, name, *files) == before
    log = until(lambda: [
        line for line in cloud.deployment.kolla("container", "logs", name).stdout.splitlines()
        if "kolla-test=19" in line
    ])
    assert len(log) == 1 and "GET" in log[0]


#: Every file in a place that can be written to, with its size.
WRITABLE = """
while read -r _ place kind options _; do
    case $kind in proc|sysfs|cgroup*|devpts|mqueue) continue;; esac
    case $options in rw*) find "$place" -xdev -type f -printf '%p\\t%s\\n' 2> /dev/null;; esac
done < /proc/mounts
true
"""
#: For each path and position: a mark, and what the file has from there.
GROWN = 'while (($#)); do printf %s "$0"; tail -c "+$2" "$1"; shift 2; done'
MARK = "what follows came to a file"
#: A line that begins with a time or a level.
LIKE_A_LOG = re.compile(
    rb"^[\[<]?(\d{2,4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|(debug|info|note|warn|error)\w*\b)"
    rb"[ -~\t]{10,}$",
    re.IGNORECASE | re.MULTILINE,
)


def files(cloud, name: str) -> dict[str, int]:
    found = inside(cloud, name, "bash", "-c", WRITABLE).splitlines()
    return {path: int(size) for path, _, size in (line.rpartition("\t") for line in found)}


def grown(cloud, name: str, before: dict[str, int]) -> dict[str, bytes]:
    """What came to the files of a container since then."""
    places = {path: before.get(path, 0) + 1
              for path, size in files(cloud, name).items() if size > before.get(path, 0)}
    if not places:
        return {}
    arguments = [str(part) for place in places.items() for part in place]
    with cloud.deployment.engine.client() as client:
        (container,) = map(client.containers.get, cloud.running(name))
        said = container.exec_run(["bash", "-c", GROWN, MARK, *arguments]).output
    return dict(zip(places, said.split(MARK.encode())[1:], strict=True))


def make_all_of_them_talk(cloud) -> None:
    """With users at work, and some who are turned away."""
    address = cloud.deployment.address
    cloud.use()
    cloud.openstack("image", "list")
    for name, command in {
        "mariadb": f"mariadb --host={address} --user=nobody --password=wrong",
        "rabbitmq": f"exec 3<> /dev/tcp/{address}/5672; echo nonsense >&3; sleep 1",
    }.items():
        inside(cloud, name, "bash", "-c", command, expect=None)


def test_no_service_writes_a_log_file(cloud):
    assert LIKE_A_LOG.search(b"\x00\n2026-05-01 12:00:00 3 [Note] ready\n")
    before = {name: files(cloud, name) for name in NAMES}
    began = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    make_all_of_them_talk(cloud)
    for name in NAMES:
        assert until(lambda: cloud.deployment.kolla(
            "container", "logs", name, "--since", began).stdout), name
        like_logs = {
            path: text[-200:] for path, text in grown(cloud, name, before[name]).items()
            if LIKE_A_LOG.search(text)
        }
        assert like_logs == {}, name
        with cloud.deployment.engine.client() as client:
            (container,) = map(client.containers.get, cloud.running(name))
            changed = [item["Path"] for item in container.diff() or []]
        assert [path for path in changed if "log" in path] == [], name


# Secrets

def test_no_task_had_a_secret_among_its_arguments(cloud):
    assert cloud.exposed == []


@pytest.mark.parametrize("name", NAMES)
def test_secrets_are_in_no_label_and_no_image(cloud, name):
    secrets = cloud.secrets()
    with cloud.deployment.engine.client() as client:
        container = client.containers.get(*cloud.running(name))
        told = json.dumps([
            container.labels, container.attrs["Args"], container.attrs["Path"],
            container.image.attrs, container.image.history(),
        ])
    assert [option for option, value in secrets.items() if value in told] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_process_has_a_secret_in_its_environment_nor_does_the_engine_tell_one(cloud, name):
    environments = inside(cloud, name, "bash", "-c", "cat /proc/[0-9]*/environ | tr '\\0' '\\n'")
    assert "KOLLA_GENERATION=" in environments
    told = environments + json.dumps(inspected(cloud, name)["Config"]["Env"])
    assert [option for option, value in cloud.secrets().items() if value in told] == []


@pytest.mark.parametrize("name", NAMES)
def test_secrets_of_a_service_are_in_a_file_that_only_it_can_read(cloud, name):
    generation = cloud.current(name)["generation"]
    (path,) = cloud.deployment.state_dir.glob(f"generations/{name}/{generation}/secrets*")
    assert path.name == "secrets"  # those of its tasks are gone
    assert (path.stat().st_mode & 0o777, path.stat().st_uid) == (0o400, USERS[name])


@pytest.mark.parametrize("name, place", [
    ("keystone", "/var/lib/keystone/.keystone/keystone.conf"),
    *(pytest.param(*place, marks=pytest.mark.exhaustive) for place in (
        ("glance-api", "/var/lib/glance/.glance/glance-api.conf"),
        ("rabbitmq", "/var/lib/rabbitmq/.erlang"),
        ("mariadb", "/var/lib/mysql/.my.cnf"),
    )),
])
def test_a_configuration_left_on_a_volume_is_read_by_no_generation(cloud, name, place):
    """As an intruder might leave one, to come back in every later generation."""
    nonsense = "[DEFAULT]\nlog_config_append = /nowhere\n[client]\nport = nonsense\n"
    script = 'mkdir -p "${1%/*}" && printf %b "$0" > "$1"'
    inside(cloud, name, "bash", "-c", script, nonsense, place)
    cloud.deployment.kolla("container", "restart", name)
    assert inside(cloud, name, "bash", "-c", f"rm {place}; kolla-check") == ""


@pytest.mark.parametrize("keyring", KEYRINGS)
def test_keys_of_keystone_are_in_files_that_only_it_can_read_and_in_no_volume(cloud, keyring):
    script = f"cd /etc/keystone/{keyring} && stat -c '%a %u' . * && cat *; ls /var/lib/keystone"
    option = f"keystone.{keyring.replace('-', '_')}"
    keys = [value for name, value in cloud.secrets().items() if name.startswith(option)]
    user = USERS["keystone"]
    assert inside(cloud, "keystone", "bash", "-c", script) == "\n".join(
        [f"700 {user}", *[f"600 {user}"] * len(keys), "".join(keys)])


def test_secrets_are_in_no_file_of_the_state_directory(cloud):
    values = {option: value.encode() for option, value in cloud.secrets().items()}
    found = []
    for path in cloud.deployment.state_dir.rglob("*"):
        keyring = path.parent.parent.name in KEYRINGS
        meant = path.name == "secrets" or keyring or "dumps" in path.parts
        if path.is_file() and not meant:
            content = path.read_bytes()
            found += [(str(path), option) for option, value in values.items() if value in content]
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_secrets_are_in_no_log(cloud, name):
    log = cloud.deployment.kolla("container", "logs", name).stdout
    assert log
    assert [option for option, value in cloud.secrets().items() if value in log] == []


def test_secrets_are_in_nothing_that_is_printed(cloud):
    told = "".join(
        cloud.deployment.kolla(*command, "-f", "json").stdout for command in (
            ("event", "list", "--limit", "10000", "--operations"), ("config", "show"), ("plan",),
            *(("container", "show", name) for name in NAMES),
            *(("container", "history", name) for name in NAMES),
            *(("config", "environment", name) for name in NAMES),
        )
    )
    assert [option for option, value in cloud.secrets().items() if value in told] == []


def test_files_with_secrets_are_their_owners_alone(cloud):
    assert cloud.passwords.stat().st_mode & 0o777 == 0o600
    state = cloud.deployment.state_dir
    assert state.stat().st_mode & 0o077 == 0
    assert (state / "kolla.sqlite").stat().st_mode & 0o777 == 0o600
