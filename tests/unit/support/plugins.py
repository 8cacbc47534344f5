"""Makes plugins, catalogs and settings for tests."""

import os
import zlib
from pathlib import Path

from oslo_config import cfg

from kolla.catalog.catalog import Catalog
from kolla.catalog.discovery import KOLLA, Plugin
from kolla.plugin import (
    Container, ContainerSet, Gone, Image, Listen, Privilege, secret, shared_folder,
)
from kolla.settings import Settings
from kolla_plugins.releases import OPENSTACK

#: With the releases of OpenStack.
OPENSTACK_BASE = Image("openstack-base", shared_folder("docker", "base"), None, releases=OPENSTACK)

NAMESPACES = {
    ContainerSet: "kolla.container_sets", Container: "kolla.containers", Image: "kolla.images",
    Gone: "kolla.gone",
}

#: Of an image.
FOLDER = shared_folder("docker", "base")
#: Of a container whose files have to belong to the user that the tests run as.
OF_THIS_USER = {
    "user": os.getuid(),
    "privileges": () if os.getuid() else (Privilege("root", "the tests run as root"),),
}
WEB_OPTIONS = {
    "web": (
        cfg.PortOpt("port", default=8080),
        cfg.StrOpt("address", default="${host.address}"),
        cfg.BoolOpt("debug", default=False),
        cfg.ListOpt("names", default=["a", "b"]),
        cfg.StrOpt("policy"),
        secret("password", help="The password of web."),
        secret("token", help="Another secret."),
    ),
    "database": (
        secret("password", help="The password of the database."),
        cfg.StrOpt("url", default="db://root:${database.password}@${host.address}"),
    ),
}


def plugin(thing, distribution: str = KOLLA, name: str | None = None) -> Plugin:
    return Plugin(NAMESPACES[type(thing)], name or thing.name, distribution, thing)


def a_user(name: str) -> int:
    """A number that no other container has."""
    return 43000 + zlib.crc32(name.encode()) % 10_000


def make_container(name: str = "web", parent: str = "front", **changes) -> Container:
    values = {
        "summary": "", "user": a_user(name), "image": Image(name, FOLDER, parent=None),
        **changes,
    }
    return Container(name=name, parent=parent, **values)


def make_web(**changes) -> Container:
    values = {
        "options": WEB_OPTIONS,
        "environment": {
            "KOLLA_PORT": "${web.port}",
            "KOLLA_DATABASE": "db://web:${url:web.password}@${web.address}/web",
        },
        "listens": (Listen("${web.address}", "${web.port}"),),
    }
    return make_container(**{**values, **changes})


def make_catalog(*things, sets: tuple[str, ...] = ("front",)) -> Catalog:
    nodes = [ContainerSet(name, "") for name in sets]
    return Catalog([
        plugin(thing) for thing in [OPENSTACK_BASE, *nodes, *(things or [make_web()])]
    ])


def make_settings(
    folder: Path, text: str = "", *things, overrides=None, host=None, **files: str
) -> Settings:
    """``text`` is kolla.conf; of ``files`` those named hosts_x go to hosts/x.conf, the
    others to kolla.conf.d. All are readable by their owner only."""
    places = {"kolla.conf": text}
    for name, content in files.items():
        is_host = name.startswith("hosts_")
        places[f"hosts/{name[6:]}.conf" if is_host else f"kolla.conf.d/{name}.conf"] = content
    for place, content in places.items():
        path = folder / place
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(content, encoding="utf-8")
    return Settings.load(make_catalog(*things), folder, host, overrides)
