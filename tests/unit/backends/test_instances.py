"""What the folder of a generation holds, and what a task is given besides."""

import base64
import dataclasses
import json
import os
from pathlib import Path

import pytest
from oslo_config import cfg

from kolla.backends import instances
from kolla.backends.instances import GENERATION_FOLDER, Instances
from kolla.errors import KollaError
from kolla.plans.rendering import SECRETS_LABEL, build
from kolla.plugin import File, Keyring, Privilege, Strategy, Task, numbered, secret
from kolla.plugin.reports import ImageFacts
from kolla.plugin.spec import Spec
from kolla.settings.fingerprints import Fingerprints
from kolla_plugins.openstack import schema_phases, schema_task
from tests.unit.support.plugins import OF_THIS_USER, make_container, make_settings

IMAGE = ImageFacts("sha256:" + "a" * 64, "kolla/web:2026.1", {})
WEB = make_container(
    **OF_THIS_USER, bootstrap=(schema_task("bootstrap"),), **schema_phases()
)


class Generation:
    """A generation with its folder, as it is made from the configuration."""

    def __init__(self, folder: Path):
        self.settings = make_settings(folder, "", WEB)
        self.instances = Instances(folder, self.settings)
        self.spec = build(WEB, self.settings, IMAGE, "2026.1", "29.1.0")
        self.home = folder / "generations" / "web" / "7"

    def own_folder(self, spec) -> str:
        """With what rights it has its own folder."""
        binds = self.instances.make(spec, 7).binds
        return next(rights for _, place, rights in binds if place == GENERATION_FOLDER)


@pytest.fixture
def made(tmp_path):
    return Generation(tmp_path)


def test_a_generation_cannot_write_to_its_own_folder(made):
    assert made.own_folder(made.spec) == "ro"


def test_a_snapshot_of_an_earlier_kolla_may_write_there_as_it_did(made):
    values = json.loads(made.spec.to_json())
    del values["own_folder"]
    assert made.own_folder(Spec.from_json(json.dumps(values))) == "rw"


def test_who_is_not_handed_over_joins_by_itself(made):
    made.instances.make(dataclasses.replace(made.spec, strategy=Strategy.REPLACE), 7)
    assert (made.home / "own" / "joined").exists()


def test_who_is_handed_over_waits_to_be_told(made):
    made.instances.make(dataclasses.replace(made.spec, strategy=Strategy.HANDOVER), 7)
    assert not (made.home / "own" / "joined").exists()
    made.instances.mark_joined("web", 7)
    assert (made.home / "own" / "joined").exists()
    made.instances.mark_joined("web", 7, False)
    assert not (made.home / "own" / "joined").exists()


def test_a_link_in_the_place_of_the_mark_is_replaced_and_not_followed(made, tmp_path):
    made.instances.make(dataclasses.replace(made.spec, own_folder="rw"), 7)
    mark, victim = made.home / "own" / "joined", tmp_path / "victim"
    mark.unlink(missing_ok=True)
    mark.symlink_to(victim)
    made.instances.mark_joined("web", 7)
    assert not victim.exists() and not mark.is_symlink()


def test_what_cannot_be_deleted_is_reported_and_deleted_later(made, monkeypatch, caplog):
    def stuck(path):
        raise KollaError(f"{path} is not removed as a whole: busy")

    made.instances.make(made.spec, 7)
    with monkeypatch.context() as patch:
        patch.setattr(instances, "remove_folder", stuck)
        made.instances.set_aside("web", 7)
        made.instances.purge("web")
    assert "7.discarded is not removed" in caplog.text
    assert not made.home.exists()
    made.instances.purge("web")
    assert not list(made.home.parent.iterdir())


class Site:
    """A host and its configuration."""

    def __init__(self, folder: Path):
        self.folder = folder

    def configure(self, text: str) -> None:
        self.settings = make_settings(self.folder, text, WEB)
        self.spec = build(WEB, self.settings, IMAGE, "2026.1", "29.1.0")

    def task(self, phase: str):
        instances = Instances(self.folder, self.settings)
        (task,) = self.spec.tasks[phase]
        return instances.task(self.spec, 3, task, phase, self.spec)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_how_long_a_task_waits_is_told_each_time_and_no_part_of_a_generation(site):
    specs = []
    for seconds in ("5", "900"):
        site.configure(f"[engine]\nlock_timeout = {seconds}\n")
        specs.append(site.spec)
        assert site.task("bootstrap").environment["KOLLA_LOCK_TIMEOUT"] == seconds
    assert specs[0] == specs[1]


@pytest.mark.parametrize("phase", ["bootstrap", "dump"])
def test_a_task_that_may_dump_is_told_where_and_how_many_are_kept(site, phase):
    site.configure("[engine]\nkeep_generations = 3\n")
    task = site.task(phase)
    inbox = site.folder / "generations" / "web" / "3" / "dumps" / "web"
    assert (str(inbox), "/var/lib/kolla/dumps", "rw") in task.binds
    assert task.environment["KOLLA_DUMPS_KEPT"] == "3"


def test_the_dumps_of_a_project_are_kept_together(site):
    site.configure("")
    spec = dataclasses.replace(site.spec, project="shop")
    (task,) = spec.tasks["dump"]
    made = Instances(site.folder, site.settings).task(spec, 3, task, "dump", spec)
    assert made.environment["KOLLA_PROJECT"] == "shop"
    inbox = site.folder / "generations" / "web" / "3" / "dumps" / "shop"
    (inbox / "web-1.sql.gz").touch()
    Instances(site.folder, site.settings).end_task("web", 3, "dump")
    assert (site.folder / "dumps" / "shop" / "web-1.sql.gz").exists()


def test_a_task_is_told_what_its_container_is_on_the_way_to(site):
    site.configure("")
    (task,) = site.spec.tasks["before_rollback"]
    target = dataclasses.replace(site.spec, release="2025.2", version="28.0.0")
    instances = Instances(site.folder, site.settings)
    told = instances.task(site.spec, 3, task, "before_rollback", target).environment
    assert told["KOLLA_TARGET_RELEASE"] == "2025.2" and told["KOLLA_RELEASE"] == "2026.1"
    assert told["KOLLA_TARGET_VERSION"] == "28.0.0"


def test_a_task_in_the_place_of_another_container_has_what_that_has_and_knows_its_own(site):
    site.configure("")
    (task,) = site.spec.tasks["before_rollback"]
    task = dataclasses.replace(task, environment={"KOLLA_EXTRA": "1"}, of="lead")
    lead = dataclasses.replace(
        site.spec, container="lead", project="shop", image_id="sha256:lead", release="2026.2",
        environment={"KOLLA_DATABASE": "x"}, files=(File("/etc/lead.conf", "mine"),),
    )
    instances = Instances(site.folder, site.settings)
    made = instances.task(site.spec, 3, task, "before_rollback", site.spec, lead)
    assert (made.name, made.image) == ("web-g3-before-rollback", "sha256:lead")
    wanted = {
        "KOLLA_DATABASE": "x", "KOLLA_EXTRA": "1", "KOLLA_CONTAINER": "web",
        "KOLLA_PROJECT": "web", "KOLLA_GENERATION": "3", "KOLLA_RELEASE": "2026.2",
    }
    assert wanted.items() <= made.environment.items()
    home = site.folder / "generations" / "web" / "3"
    source = next(source for source, place, _ in made.binds if place == "/etc/lead.conf")
    assert source == str(home / "places" / "lead" / "files" / "etc" / "lead.conf")
    instances.end_task("web", 3, "before-rollback")
    assert not (home / "places").exists()


def test_every_container_is_told_what_it_is_and_what_it_is_a_part_of(made):
    def told(**changes) -> tuple[str, str]:
        environment = made.instances.make(dataclasses.replace(made.spec, **changes), 7).environment
        return environment["KOLLA_CONTAINER"], environment["KOLLA_PROJECT"]

    assert told() == ("web", "web")
    assert told(project="shop") == ("web", "shop")


@pytest.mark.parametrize("phase, text", [
    ("expand", ""), ("contract", ""), ("bootstrap", "[engine]\ndump_before_upgrade = false\n"),
])
def test_no_other_task_sees_dumps_and_none_where_they_are_turned_off(site, phase, text):
    site.configure(text)
    assert "KOLLA_DUMPS_KEPT" not in site.task(phase).environment
    assert not (site.folder / "dumps").exists()


# Secrets

SECRET = {"environment": {"OS_PASSWORD": "${web.password}", "COLOUR": "blue"},
          "options": {"web": (secret("password", help="."),)}}
CONFIGURATION = "[web]\npassword = pa$wört=\n"


def generation(folder: Path, labels: dict):
    container = make_container(**OF_THIS_USER, **SECRET)
    settings = make_settings(folder, CONFIGURATION, container)
    image = ImageFacts(IMAGE.id, IMAGE.reference, labels)
    spec = build(container, settings, image, "2026.1", "29.1.0")
    return Instances(folder, settings).make(spec, 3)


def test_an_image_that_reads_secrets_from_a_file_has_none_in_its_environment(tmp_path):
    made = generation(tmp_path, {SECRETS_LABEL: "file"})
    assert "OS_PASSWORD" not in made.environment and made.environment["COLOUR"] == "blue"
    (place,) = [Path(source) for source, path, _ in made.binds if path == "/var/lib/kolla/secrets"]
    assert place.read_bytes() == "OS_PASSWORD=pa$wört=\0".encode()
    assert place.stat().st_mode & 0o777 == 0o400
    assert not made.secrets


def test_any_other_image_gets_its_secrets_in_the_environment(tmp_path):
    made = generation(tmp_path, {})
    assert made.environment["OS_PASSWORD"] == "pa$wört=" and made.secrets == {"OS_PASSWORD"}
    assert "/var/lib/kolla/secrets" not in [path for _, path, _ in made.binds]


def test_the_secrets_of_a_task_go_when_it_has_ended(tmp_path):
    container = make_container(**OF_THIS_USER, **SECRET, bootstrap=(schema_task("bootstrap"),))
    settings = make_settings(tmp_path, CONFIGURATION, container)
    image = ImageFacts(IMAGE.id, IMAGE.reference, {SECRETS_LABEL: "file"})
    spec = build(container, settings, image, "2026.1", "29.1.0")
    instances = Instances(tmp_path, settings)
    made = instances.task(spec, 3, spec.tasks["bootstrap"][0], "bootstrap", spec)
    (place,) = [Path(source) for source, path, _ in made.binds if path == "/var/lib/kolla/secrets"]
    assert place.exists()
    instances.end_task("web", 3, "bootstrap")
    assert not place.exists()


# Files that are secrets

KEY = "-----BEGIN KEY-----\n$ecret\n"


@pytest.fixture
def keyed(tmp_path):
    """Settings and spec of a container that has a key in a file, and the key's place."""
    path = tmp_path / "key"
    path.write_text(KEY)
    container = make_container(
        files=(File("/etc/key", option="web.key", secret=True, when="web.on"),),
        options={"web": (cfg.StrOpt("key", default=str(path)), cfg.BoolOpt("on", default=True))},
    )
    settings = make_settings(tmp_path, "", container)
    return settings, build(container, settings, IMAGE, "2026.1", ""), path


def test_a_secret_file_is_a_reference_in_the_snapshot_and_whole_in_the_container(keyed, tmp_path):
    settings, spec, _ = keyed
    instance = Instances(tmp_path, settings).make(spec, 1)
    assert "BEGIN KEY" not in spec.to_json() and "BEGIN KEY" not in str(instance.labels)
    (source,) = [Path(source) for source, path, _ in instance.binds if path == "/etc/key"]
    assert source.read_text() == KEY and source.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_text_arrives_byte_by_byte(keyed, tmp_path):
    settings, spec, path = keyed
    path.write_bytes(content := b"\x1f\x8b\r\n\r\xff\x00$${x}")
    instance = Instances(tmp_path, settings).make(spec, 1)
    (source,) = [Path(source) for source, path, _ in instance.binds if path == "/etc/key"]
    assert source.read_bytes() == content


def test_a_changed_secret_file_changes_its_fingerprint_only(keyed, tmp_path):
    settings, spec, path = keyed
    prints = Fingerprints(settings, tmp_path)
    before = prints.of(spec)
    path.write_bytes(b"\xff\x00 no text")
    assert list(before) == ["file:web.key"] and prints.of(spec) != before


def test_a_task_leaves_the_keys_alone_that_its_running_generation_has(tmp_path):
    container = make_container(
        **OF_THIS_USER, keyrings=(Keyring("/etc/keys", "web.keys", "0"),),
        options={"web": (secret("keys", form="keys", help="-"),)},
        bootstrap=(Task("first", ("true",)),),
    )

    a, b, c = (base64.urlsafe_b64encode(32 * letter).decode() for letter in (b"a", b"b", b"c"))

    def laid_out(keys: dict[int, str], task: bool) -> Path:
        text = f"[web]\nkeys = {numbered.joined(keys)}\n"
        settings = make_settings(tmp_path, text, container)
        spec = build(container, settings, IMAGE, "2026.1", "")
        instances = Instances(tmp_path, settings)
        made = instances.task(spec, 1, spec.tasks["bootstrap"][0], "bootstrap", spec) if task \
            else instances.make(spec, 1)
        return next(Path(source) for source, path, _ in made.binds if path == "/etc/keys")

    running = laid_out({0: a, 1: b}, task=False)
    folder = os.open(running, os.O_DIRECTORY)  # as a mount has it
    inodes = {name: (running / name).stat().st_ino for name in os.listdir(folder)}
    assert laid_out({0: a, 1: b}, task=True) == running
    rotated = laid_out({0: c, 1: b, 2: a}, task=True)
    assert {path.name: path.read_text() for path in rotated.iterdir()} == {
        "0": c, "1": b, "2": a
    }
    assert {name: (running / name).stat().st_ino for name in os.listdir(folder)} == inodes
    os.close(folder)


def test_a_secret_file_that_is_gone_is_named_with_its_option(keyed, tmp_path):
    settings, spec, path = keyed
    path.unlink()
    with pytest.raises(KollaError, match=r"\[web\] key names, cannot be read: No such file"):
        Instances(tmp_path, settings).make(spec, 1)


def test_a_file_that_an_option_turns_off_is_not_there(tmp_path):
    container = make_container(
        files=(File("/etc/key", option="web.key", secret=True, when="web.on"),),
        options={"web": (cfg.StrOpt("key", default="/nowhere"), cfg.BoolOpt("on", default=False))},
    )
    settings = make_settings(tmp_path, "", container)
    assert build(container, settings, IMAGE, "2026.1", "").files == ()
    assert settings.problems() == []


@pytest.mark.parametrize("content, problem", [
    (b"\x1f\x8b\xff", "is no UTF-8 text"),
    (b"[DEFAULT]\n-----BEGIN RSA PRIVATE KEY-----\n", "holds a private key"),
    (b"-----BEGIN PRIVATE KEY-----\n", "holds a private key"),
])
def test_a_file_that_may_be_no_copy_is_refused_unless_it_is_declared_as_secret(
    tmp_path, content, problem
):
    path = tmp_path / "ring"
    path.write_bytes(content)

    def built(secret: bool):
        container = make_container(
            files=(File("/etc/ring", option="web.ring", secret=secret),),
            options={"web": (cfg.StrOpt("ring", default=str(path)),)},
        )
        return build(container, make_settings(tmp_path, "", container), IMAGE, "2026.1", "")

    with pytest.raises(KollaError, match=f"which the option web.ring names, {problem}"):
        built(secret=False)
    assert [file.content for file in built(secret=True).files] == ["${file:web.ring}"]


@pytest.mark.skipif(os.getuid() != 0, reason="gives files away")
@pytest.mark.parametrize("privileges, owner", [((), 42000), ((Privilege("root", ""),), 0)])
def test_the_files_of_root_belong_to_root(tmp_path, privileges, owner):
    web = make_container(
        user=42000, files=(File("/etc/web", "text"),), privileges=privileges)
    settings = make_settings(tmp_path, "", web)
    spec = dataclasses.replace(build(web, settings, IMAGE, "", ""), own_folder="rw")
    Instances(tmp_path, settings).make(spec, 1)
    home = tmp_path / "generations" / "web" / "1"
    assert {path.stat().st_uid for path in (home / "own", home / "files/etc/web")} == {owner}


def test_who_shares_the_processes_of_the_host_reaps_its_own(tmp_path):
    web = make_container(privileges=(*OF_THIS_USER["privileges"], Privilege("pid", "")),
                         user=OF_THIS_USER["user"])
    settings = make_settings(tmp_path, "", web)
    made = Instances(tmp_path, settings).make(build(web, settings, IMAGE, "", ""), 1)
    assert made.environment["TINI_SUBREAPER"] == ""
