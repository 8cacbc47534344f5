"""Ceph, which somebody else runs, as Cinder, Nova and libvirt find it."""

from oslo_config import cfg

from kolla.plugin import File

#: The user of Ceph, whose keyring has this name where its clients look for it.
USER = "cinder"

OPTIONS = {
    "ceph": (
        cfg.StrOpt(
            "configuration",
            help="A copy of Ceph's ceph.conf on this host: where its monitors are.",
        ),
        cfg.StrOpt(
            "keyring", help="A file on this host with the key of Ceph's user client.cinder.",
        ),
    ),
}

FILES = (
    File("/etc/ceph/ceph.conf", option="ceph.configuration"),
    File(f"/etc/ceph/ceph.client.{USER}.keyring", option="ceph.keyring", secret=True),
)

#: The name by which libvirt knows that key.
SECRET = "7e0d4c6f-3c2b-4d0a-9f8e-2a5b91c0d3e7"
