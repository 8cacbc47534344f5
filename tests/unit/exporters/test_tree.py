"""What an exporter is told of a container."""

import types

from oslo_config import cfg

from kolla.exporters.tree import tree
from kolla.plugin import Exported, File, HostMount, HostNeed, Listen, MountKind, Task, Volume
from tests.unit.support.plugins import make_settings, make_web

SECRETS = "[web]\npassword = hunter2\ntoken = abc\n"


def export(folder, web, text: str = SECRETS):
    """The tree with one container."""
    settings = make_settings(folder, text, web)
    configuration = types.SimpleNamespace(require_valid=lambda: None)
    deployment = types.SimpleNamespace(settings=settings, configuration=configuration)
    return tree(deployment, [settings.catalog.containers["web"]])


def only(exported_tree) -> Exported:
    (exported,) = exported_tree.containers
    return exported


def test_secrets_stand_apart_and_what_kolla_adds_is_there(tmp_path):
    task = Task("make", ("make",), {"ROOT": "${web.token}", "PLAIN": "x"}, timeout=7)
    found = only(export(tmp_path, make_web(bootstrap=(task,))))
    assert found.service.secrets == {"KOLLA_DATABASE": "db://web:hunter2@127.0.0.1/web"}
    assert found.service.environment["KOLLA_PORT"] == "8080"
    assert found.service.environment["KOLLA_CONTAINER"] == "web"
    (made,) = found.tasks["bootstrap"]
    assert made.secrets == {**found.service.secrets, "ROOT": "abc"}
    assert (made.environment["PLAIN"], made.timeout) == ("x", 7)
    assert {"KOLLA_LOCK_TIMEOUT", "KOLLA_TARGET_RELEASE"} <= set(made.environment)


def test_a_file_is_there_with_its_content_and_says_whether_that_is_secret(tmp_path):
    files = File("/etc/b", "${web.token}"), File("/etc/a", "on ${web.address}")
    first, second = only(export(tmp_path, make_web(files=files))).files
    assert (first.path, first.content, first.secret) == ("/etc/a", b"on 127.0.0.1", False)
    assert (second.content, second.secret, second.mode) == (b"abc", True, 0o600)


def test_mounts_say_what_they_are(tmp_path):
    found = only(export(tmp_path, make_web(
        volumes=(Volume("data", "/data"),),
        host_mounts=(
            HostMount("/srv/folder", "/folder", "why"), HostMount("/srv/file", "/file", ""),
            HostMount("/srv/any", "/any", "", optional=True),
            HostMount("/run/netns", "/netns", "", propagation="rshared"),
        ),
        needs=(HostNeed("folder", "/srv/folder", ""), HostNeed("file", "/srv/file", "")),
    )))
    kinds = {mount.path: (mount.kind, mount.made, mount.optional) for mount in found.mounts}
    assert kinds["/data"] == (MountKind.VOLUME, False, False)
    assert kinds["/tmp"] == (MountKind.SCRATCH, False, False)
    assert kinds["/folder"] == (MountKind.FOLDER, True, False)
    assert kinds["/file"] == (MountKind.FILE, True, False)
    assert kinds["/any"] == (MountKind.PATH, False, True)
    assert kinds["/netns"] == (MountKind.FOLDER, False, False)


def test_another_engine_fills_in_what_it_knows_and_all_that_is_derived_from_it(tmp_path):
    options = {"web": (
        cfg.HostAddressOpt("address", default="${host.address}"),
        cfg.PortOpt("port", default=80),
    )}
    web = make_web(options=options, environment={
        "HERE": "${host.name}", "URL": "http://${web.address}:${web.port}/$$x",
    })
    here = export(tmp_path, web, "")
    there = here.filled({"host.address": "$(POD_IP)", "host.name": "${NODE}"})
    told = only(there).service.environment
    assert (told["HERE"], told["URL"]) == ("${NODE}", "http://$(POD_IP):80/$x")
    assert only(there).listens == (Listen("$(POD_IP)", "80"),)
    assert only(here).service.environment["URL"] == "http://127.0.0.1:80/$x"


def test_what_is_made_of_all_hosts_names_them_as_the_configuration_does(tmp_path):
    def members(cloud) -> str:
        return " ".join(str(host.value("host", "address")) for host in cloud.hosts("web"))

    web = make_web(files=(File("/members", content=members),))
    there = export(tmp_path, web).filled({"host.address": "$(POD_IP)"})
    assert [file.content for file in only(there).files] == [b"127.0.0.1"]


def test_what_the_first_host_does_for_all_is_exported_with_other_texts_as_well(tmp_path):
    web = make_web(bootstrap=(Task("mine", ("x",)), Task("ours", ("y",), first=True)))
    there = export(tmp_path, web).filled({"host.address": "$(POD_IP)"})
    assert [task.name for task in only(there).tasks["bootstrap"]] == ["mine", "ours"]
