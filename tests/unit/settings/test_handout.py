"""What one host gets of the configuration, and what it does not."""

import os

import pytest
from oslo_config import cfg

from kolla.errors import UsageError
from kolla.plugin import File, Keyring, Task, each_host, secret
from kolla.settings import Invalid, Settings, handout
from tests.unit.support.plugins import make_catalog, make_container, make_settings

DATABASE = make_container("database", options={"database": (
    cfg.StrOpt("address", default="${host.address}"), secret("root_password", help=""),
)}, environment={"ROOT": "${database.root_password}"})
BROKER = make_container("broker", options={"broker": (
    secret("password", help=""), secret("cookie", help=""), secret("keys", help="", form="keys"),
    each_host("urls", "broker", "me:${url:broker.password}@${host.address}", "", secret=True),
)}, environment={"COOKIE": "${broker.cookie}"}, keyrings=(Keyring("/k", "broker.keys", "0"),))
AGENT = make_container(
    "agent", project="agents", options={"agent": (
        secret("login", help=""), cfg.StrOpt("policy"), cfg.StrOpt("key"),
    )},
    environment={"URL": "${broker.urls}", "LOGIN": "x:${agent.login}"},
    bootstrap=(Task("database", ("x",), {"P": "${database.root_password}"}, first=True),),
    files=(File("/policy", option="agent.policy"), File("/key", option="agent.key", secret=True)),
)
CONTAINERS = (DATABASE, BROKER, AGENT)
COMMON = """\
# root_password = an old one
[host]
enabled = agent
[agents/DEFAULT]
debug = true
agent_token = hush-token
[other]
"""
PASSWORDS = """\
[database]
root_password = hush-root
[broker]
password = hush-broker
cookie = hush-cookie
[agent]
login = "hush  login"
[gone]
password = hush-gone
"""
HOSTS = {
    "hosts_cmp1": "[host]\naddress = 192.0.2.9\n",
    "hosts_cmp0": "[host]\naddress = 192.0.2.8\n",
    "hosts_ctl1": "[host]\naddress = 192.0.2.1\nenabled = database,broker\n"
                  "[broker]\npassword = hush-ctl1\ncookie = hush-biscuit\n",
}


def settings_of(folder, host: str, common: str = COMMON.replace("[other]\n", "")):
    folder.mkdir(exist_ok=True)
    return make_settings(folder, common, *CONTAINERS, host=host, passwords=PASSWORDS, **HOSTS)


@pytest.fixture
def made(tmp_path):
    return handout.make(settings_of(tmp_path / "etc", "cmp1"))


def whole(made) -> str:
    return b"".join(made.files.values()).decode()


def test_a_host_gets_the_secrets_that_its_containers_refer_to_and_no_others(made):
    told = whole(made)
    for secret_text in ("hush-ctl1", "hush  login", "hush-token"):  # ctl1 has the broker
        assert secret_text in told
    for secret_text in ("hush-root", "hush-cookie", "hush-biscuit", "an old one", "hush-gone"):
        assert secret_text not in told
    assert made.left_out == ("broker.cookie", "database.root_password", "gone.password")


def test_the_first_host_gets_what_its_task_alone_needs(tmp_path):
    assert "hush-root" in whole(handout.make(settings_of(tmp_path / "etc", "cmp0")))


def test_another_host_gets_other_secrets(tmp_path):
    told = whole(handout.make(settings_of(tmp_path / "etc", "ctl1")))
    assert "hush-root" in told and "hush-biscuit" in told
    assert "login" not in told and "hush-ctl1" not in told


def test_what_it_gets_makes_the_same_containers(tmp_path, made):
    handout.write(made, tmp_path / "out")
    here = settings_of(tmp_path / "etc", "cmp1")
    there = Settings.load(make_catalog(*CONTAINERS), tmp_path / "out", "cmp1")
    there.require_correct()
    ours, theirs = (each.environment(AGENT) for each in (here, there))
    assert ours == theirs and ours["OS_DEFAULT__DEBUG"] == "true"
    assert there.reveal(theirs["LOGIN"]) == "x:hush  login"
    assert there.reveal(theirs["URL"]) == "me:hush-ctl1@192.0.2.1"


def test_all_of_it_is_its_owners_alone(tmp_path, made):
    handout.write(made, tmp_path / "out" / "cmp1")
    found = list((tmp_path / "out" / "cmp1").rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in found if path.is_file()} == {0o600}
    folders = [tmp_path / "out" / "cmp1", *(path for path in found if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    assert {str(path.relative_to(tmp_path / "out" / "cmp1")) for path in found} == {
        "kolla.conf", "kolla.conf.d", "kolla.conf.d/passwords.conf", "hosts", "hosts/cmp1.conf",
        "hosts/cmp0.conf", "hosts/ctl1.conf",
    }


def test_a_file_comes_along_that_a_container_needs_because_of_another_host(tmp_path):
    def content(cloud) -> str:
        return "${file:client.ca}" if cloud.hosts("broker") else ""

    client = make_container(
        "client", options={"client": (cfg.StrOpt("ca", default=str(tmp_path / "ca.pem")),)},
        files=(File("/ca", content=content),),
    )

    def brought(host: str) -> list[str]:
        hosts = {"hosts_one": "[host]\naddress = 192.0.2.1\n",
                 "hosts_two": f"[host]\naddress = 192.0.2.2\nenabled = {host}\n"}
        folder = tmp_path / host
        folder.mkdir()
        settings = make_settings(
            folder, "[host]\nenabled = client\n", client, BROKER, host="one",
            passwords="[broker]\npassword = a\ncookie = b\n", **hosts)
        return [str(path) for path in handout.make(settings).to_bring]

    assert brought("broker") == [str(tmp_path / "ca.pem")]
    assert brought("client") == []


def test_files_that_its_containers_need_come_along_or_are_named(tmp_path):
    etc = tmp_path / "etc"
    settings_of(etc, "cmp1")
    (etc / "policy.yaml").write_text("{}")
    common = COMMON.replace("[other]", f"[agent]\npolicy = {etc}/policy.yaml\nkey = /nowhere/key")
    made = handout.make(settings_of(etc, "cmp1", common))
    assert [str(path) for path in made.files if path.suffix == ".yaml"] == ["policy.yaml"]
    assert [str(path) for path in made.to_bring] == ["/nowhere/key"]


@pytest.mark.parametrize("mode, content, told", [
    (0o755, None, "is not its owner's alone"), (0o750, None, "is not its owner's alone"),
    (0o700, "x", "is not empty"),
])
def test_a_place_where_secrets_would_be_read_or_things_lost_is_refused(
    tmp_path, made, mode, content, told
):
    output = tmp_path / "out"
    output.mkdir()
    output.chmod(mode)
    if content:
        (output / "mine").write_text(content)
    before = os.listdir(tmp_path)
    with pytest.raises(UsageError, match=told):
        handout.write(made, output)
    assert os.listdir(tmp_path) == before and len(os.listdir(output)) == bool(content)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_refused(tmp_path, made, kind):
    output = tmp_path / "out"
    output.touch() if kind == "file" else output.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is no folder"):
        handout.write(made, output)


def test_an_empty_folder_of_its_owner_is_filled(tmp_path, made):
    (tmp_path / "out").mkdir(mode=0o700)
    handout.write(made, tmp_path / "out")
    assert (tmp_path / "out" / "kolla.conf").exists()


def test_a_write_that_fails_leaves_nothing(tmp_path, made, monkeypatch):
    def fail(*arguments):
        raise OSError("full")

    before = os.listdir(tmp_path)
    monkeypatch.setattr(handout, "write_whole", fail)
    with pytest.raises(OSError, match="full"):
        handout.write(made, tmp_path / "out")
    assert os.listdir(tmp_path) == before


def test_a_configuration_with_mistakes_is_not_handed_out(tmp_path):
    with pytest.raises(Invalid, match=r"kolla.conf:7: there is no group \[other\]"):
        handout.make(settings_of(tmp_path / "etc", "cmp1", COMMON))
