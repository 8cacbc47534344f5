"""An image that somebody else built: named by its digest, pulled, checked, upgraded."""

import dataclasses
import pathlib
import re
import socket

import pytest

from tests.functional.conftest import ADDRESSES
from tests.functional.support.harness import Deployment, derive
from tests.functional.support.registry import log_in, push, registry
from tests.functional.support.watching import untouched

NAME, PORT, ITS_PORT = "mongodb", 27017, 5050
#: In MongoDB's place: it answers whoever connects with a line for each of its starts.
SERVER = """\
#!/usr/bin/python3
import os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with open("/data/db/starts", "a") as file:
    print(sys.argv[1:], file=file)
listener = socket.create_server((os.environ["KOLLA_ADDRESS"], int(os.environ["KOLLA_PORT"])))
while True:
    client, _ = listener.accept()
    with client, open("/data/db/starts", "rb") as file:
        client.sendall(file.read())
"""
CLIENT = """\
#!/bin/bash
exec 3<> "/dev/tcp/$KOLLA_ADDRESS/$KOLLA_PORT" && read -r _ <&3 && echo 1
"""
DATA = "RUN install -d -o 999 -g 999 /data/db /data/configdb && rm /usr/share/kolla/version"


@dataclasses.dataclass
class Site:
    """A deployment, the folder of its registries, and the references of what was pushed."""

    deployment: Deployment
    folder: pathlib.Path
    #: Of the registry.
    address: str
    images: list[str] = dataclasses.field(default_factory=list)

    def name(self, image: str) -> None:
        self.deployment.configure(
            f"[host]\nenabled = mongodb\n\n[mongodb]\nimage = {image}\n", "20-mongodb"
        )

    def pull(self, expect: int = 0, env=None, *options: str) -> tuple[dict, str]:
        """What `kolla image build` says of the image, and what it writes besides."""
        done = self.deployment.kolla(
            "image", "build", NAME, *options, "-f", "json", expect=expect, env=env
        )
        return (done.json() or [{}])[0], done.stderr

    def starts(self) -> list[str]:
        with socket.create_connection((self.deployment.address, PORT), timeout=10) as server:
            return b"".join(iter(lambda: server.recv(65536), b"")).decode().splitlines()


@pytest.fixture(scope="module")
def site(deployment: Deployment, synthetic_images, tmp_path_factory):
    engine, folder = deployment.engine, tmp_path_factory.mktemp("registry")
    site = Site(deployment, folder, address := next(ADDRESSES))
    with registry(folder, address, ITS_PORT) as place:
        for number in ("8.0", "8.1", "8.2"):
            image = derive(
                engine, synthetic_images[0], f"theirs:{number}", "USER root", DATA,
                f"ENV NUMBER={number}", mongod=SERVER, mongosh=CLIENT,
            )
            site.images.append(push(engine, image, f"{place}/theirs/mongo:{number}"))
            with engine.client() as client:
                client.images.remove(image)
        deployment.kolla("config", "passwords")
        yield site


def test_it_is_pulled_once_and_listed_like_any_other(site):
    site.name(site.images[0])
    assert site.pull()[0]["result"] == "pulled"
    assert site.pull()[0]["result"] == "unchanged"
    listed = site.deployment.kolla("image", "list", "-f", "json").json()
    (row,) = (row for row in listed if row["name"] == NAME)
    assert (row["state"], row["version"]) == ("built", "8.0")
    kept = site.deployment.kolla("image", "prune", "--dry-run", "-f", "json").json()
    assert not [row for row in kept if NAME in row["tag"]]


def test_it_starts_is_checked_and_keeps_its_data_through_an_upgrade(site):
    site.deployment.kolla("config", "passwords")
    site.deployment.kolla("container", "start", NAME)
    assert site.deployment.kolla("container", "check", NAME).exit_code == 0
    shown = site.deployment.kolla("container", "show", NAME, "-f", "json").json()
    assert shown["version"] == "8.0" and len(site.starts()) == 1
    site.name(site.images[1])
    assert site.pull()[0]["result"] == "pulled"
    (row,) = site.deployment.kolla("container", "upgrade", NAME, "-f", "json").json()
    assert row["outcome"] == "done"
    assert site.starts() == ["['--config', '/etc/kolla/mongod.conf']"] * 2
    refused = site.deployment.kolla("container", "rollback", NAME, expect=1)
    assert "8.0" in refused.stderr


def test_the_exported_file_names_it_as_the_registry_does(site, tmp_path):
    site.name(site.images[1])
    site.deployment.kolla("set", "export", "--format", "compose", "--output", str(tmp_path / "x"))
    assert site.images[1] in (tmp_path / "x" / "compose.yaml").read_text()


def test_without_a_digest_it_is_refused_unless_tags_are_allowed(site):
    tagged = site.images[0].partition("@")[0]
    site.name(tagged)
    with untouched(site.deployment):
        assert "has no digest" in site.pull(expect=1)[0]["reason"]
        told = site.deployment.kolla("container", "upgrade", NAME, expect=1).stderr
    assert re.search(r"20-mongodb\.conf:\d+: \[mongodb\] image: .* has no digest", told), told
    path = site.deployment.configure("[images]\nallow_tags = true\n", "30-tags")
    assert site.pull()[0]["result"] == "pulled"
    path.unlink()


def test_what_cannot_be_pulled_says_why_and_what_to_do(site):
    # The engine asks no registry for what it has already.
    new = site.images[2]
    absent = new[:-4] + "0000"
    nowhere = new.replace(f":{ITS_PORT}", ":5051")
    with registry(site.folder, site.address, 5052, locked=True) as place:
        locked = new.replace(f"{site.address}:{ITS_PORT}", place)
        for name, words in {
            absent: ("has no such image", "digest"),
            nowhere: (f"{site.address}:5051 cannot be reached", "does it run"),
            locked: (f"{place} wants a login", f"docker login {place}"),
        }.items():
            site.name(name)
            row, told = site.pull(expect=1)
            assert row["result"] == "failed"
            for word in words:
                assert word in row["reason"], row
            assert "Traceback" not in told
        log_in(site.deployment.engine, place, site.folder / "login")
        login = {"DOCKER_CONFIG": str(site.folder / "login")}
        assert site.pull(env=login)[0]["result"] == "pulled"
