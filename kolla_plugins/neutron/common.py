"""What the servers and the agents of Neutron share: images and options."""

from oslo_config import cfg, types

from kolla.plugin import Image, secret, shared_folder
from kolla_plugins.openstack import API, IDENTITY, service_options

#: The same in every release: servers and agents share files.
USER = 42435

SERVER_IMAGE = Image(
    "neutron",
    folder=shared_folder("docker", "neutron"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

#: The same software, with the programs that agents start and ask.
AGENT_IMAGE = Image(
    "neutron-agents",
    folder=shared_folder("docker", "neutron-agents"),
    parent="neutron",
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
        cfg.StrOpt(
            "tunnel_address", default="${host.internal_address}",
            help="The address of this host to which others send what is in tunnels.",
        ),
        cfg.Opt(
            "physical_networks", type=types.Dict(), default={},
            help="Bridges of this host that lead to physical networks, by their names:"
            " public:br-ex.",
        ),
        cfg.Opt(
            "bridge_interfaces", type=types.Dict(), default={},
            help="Network interfaces of this host that belong to those bridges, which keep them:"
            " br-ex:eth1. An address that such an interface has is of no use any more.",
        ),
        cfg.Opt(
            "bridge_addresses", type=types.Dict(), default={},
            help="Addresses of this host on those bridges, as a gateway of a cloud on one host:"
            " br-ex:172.24.4.1/24.",
        ),
        cfg.Opt(
            "physical_interfaces", type=types.Dict(), default={},
            help="Instead of such bridges, with the Linux bridge of 2024.2: network interfaces of"
            " this host that lead to physical networks, by their names: public:eth1. An address"
            " of such an interface moves to the bridge of its network.",
        ),
    ),
}
