"""What the servers and the agents of Neutron share: images and options."""

from oslo_config import cfg

from kolla.plugin import Image, secret, shared_folder
from kolla_plugins.openstack import API, IDENTITY, service_options

#: The same in every release.
USER = 42435

SERVER_IMAGE = Image(
    "neutron",
    folder=shared_folder("docker", "neutron"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

OPTIONS = {
    **API,
    **IDENTITY,
    "neutron": (
        *service_options("neutron", 9696, container="neutron-api"),
        cfg.StrOpt("user", default="neutron", help="Its user in Keystone."),
        secret("password", help="The password of that user."),
        cfg.IntOpt(
            "rpc_workers", default=1, min=1, help="Processes that answer agents.",
        ),
        cfg.ListOpt(
            "vni_ranges", default=["1:65535"],
            help="Numbers that networks of users get, in tunnels between hosts (VXLAN).",
        ),
        cfg.ListOpt(
            "vlan_ranges", default=[],
            help="Physical networks on which networks may be VLANs, and the VLANs that those of"
            " users get: public:100:199.",
        ),
        cfg.BoolOpt(
            "firewall", default=False,
            help="Whether users may put firewalls on routers (FWaaS). The same on all hosts.",
        ),
        secret(
            "metadata_secret",
            help="With it Nova knows that it is Neutron who says which virtual machine asks for"
            " its metadata. The same on all hosts.",
        ),
    ),
}
