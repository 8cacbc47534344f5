"""What all parts of Swift share: the image, options, the rings and a secret."""

from oslo_config import cfg, types

from kolla.plugin import File, Image, each_host, secret, shared_folder
from kolla_plugins.openstack import API, IDENTITY, http_options, user_options
from kolla_plugins.swift import rings

#: The same in every release: all of them read and write the same devices.
USER = 42445

IMAGE = Image(
    "swift",
    folder=shared_folder("docker", "swift"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

#: Each host computes the rings of this.
RINGS = File("/etc/kolla/swift/devices.json", content=rings.devices)

#: A name below the folder, and perhaps a weight.
DEVICE = types.String(regex=r"^[A-Za-z0-9_.-]+(:[0-9]+(\.[0-9]+)?)?$", type_name="device")

OPTIONS = {
    **API,
    **IDENTITY,
    "swift": (
        *http_options("swift", 8080, container="swift-proxy-server"),
        *user_options("swift"),
        each_host(
            "proxies", "swift-proxy-server", "${host.name}",
            help="The hosts with a proxy. Swift is in Keystone as long as there are several.",
        ),
        secret(
            "hash_path_suffix", form="hex:16",
            help="A part of the name under which each object lies on the devices. The same on all "
            "hosts, and never to be changed: no object would be found any more.",
        ),
        cfg.IntOpt(
            "transfers_per_source", default=64, min=1,
            help="Objects that one source may upload or download at a time.",
        ),
        cfg.StrOpt(
            "folder", default="/srv/node", help="The folder of this host with its devices.",
        ),
        cfg.ListOpt(
            "devices", item_type=DEVICE, default=[],
            help="Folders in that folder which hold objects, each a disk of its own. A weight may "
            "follow: of sdb:4 and sdc:2, sdb gets twice as much.",
        ),
        cfg.BoolOpt(
            "mounted", default=True,
            help="Whether each device has to be a mounted disk, so that nothing is written to the "
            "disk below while one is missing. Without it, folders will do, for a trial.",
        ),
        cfg.IntOpt(
            "zone", default=1, min=1,
            help="Hosts that fail together, such as those of a rack, have the same zone. Replicas "
            "are kept in different zones as far as there are any.",
        ),
        cfg.IntOpt(
            "replicas", default=3, min=1,
            help="Devices on which each object is kept. The same on all hosts.",
        ),
        cfg.IntOpt(
            "part_power", default=12, min=4, max=20,
            help="There are two to the power of this partitions: about a hundred for each device "
            "that there will ever be. The same on all hosts, and never to be changed.",
        ),
        cfg.StrOpt(
            "storage_address", default="${host.internal_address}",
            help="The address where this host's devices are served, to the other hosts of the "
            "cloud alone: whoever reaches it can read and change everything.",
        ),
        cfg.PortOpt("object_port", default=6200, help="The port of that address for objects."),
        cfg.PortOpt(
            "container_port", default=6201, help="The port of that address for containers.",
        ),
        cfg.PortOpt("account_port", default=6202, help="The port of that address for accounts."),
        cfg.PortOpt(
            "rsync_port", default=6203,
            help="The port of that address to which the replicators of all hosts copy. The same "
            "on all hosts.",
        ),
        cfg.IntOpt(
            "storage_workers", default=2, min=1,
            help="Processes of each server of this host's devices.",
        ),
    ),
}

#: The variables that all of them need.
ENVIRONMENT = {"KOLLA_HASH_PATH_SUFFIX": "${swift.hash_path_suffix}"}
