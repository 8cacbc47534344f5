"""HAProxy: sends what users and services ask of the virtual address to hosts that are well."""

from oslo_config import cfg

from kolla.plugin import (
    Container, File, Image, Limits, Listen, Strategy, Task, shared_folder,
)
from kolla_plugins.high_availability import backends
from kolla_plugins.openstack import API

OPTIONS = {
    **API,
    "haproxy": (
        cfg.ListOpt(
            "without", default=["rabbitmq"],
            help="Containers that HAProxy does not stand in front of. kolla builds no cluster of "
            "RabbitMQ: one that takes over from another has other queues.",
        ),
        cfg.IntOpt(
            "connections", default=4000, min=10, max=100000,
            help="Clients at the same time; further ones wait.",
        ),
        cfg.BoolOpt(
            "proxy_protocol", default=False,
            help="With [api] tls: whether HAProxy says to the APIs who their client is, so that "
            "limits hold for each client. All hosts need [api] proxy_protocol and trusted, and "
            "their services have to be upgraded first.",
        ),
        cfg.IPOpt(
            "status_address", version=4, default="${host.internal_address}",
            help="The IPv4 address of this host where HAProxy says how it is, and how the hosts "
            "are that it sends requests to.",
        ),
        cfg.PortOpt("status_port", default=9101, help="The port of that address."),
    ),
}

HAPROXY = Container(
    name="haproxy",
    parent="high-availability-control",
    summary="HAProxy, sends requests at the virtual address to hosts that are well",
    image=Image("haproxy", folder=shared_folder("docker", "haproxy"), offline=True),
    user=42454,
    strategy=Strategy.HANDOVER,
    environment={
        "KOLLA_CONNECTIONS": "${haproxy.connections}",
        "KOLLA_STATUS_ADDRESS": "${haproxy.status_address}",
        "KOLLA_STATUS_PORT": "${haproxy.status_port}",
    },
    files=(
        File("/etc/kolla/haproxy/services.cfg", content=backends.configuration),
        File("/etc/kolla/haproxy/told", content=backends.told_places,
             when="haproxy.proxy_protocol"),
    ),
    # Those of the virtual address are in the file: which ones there are depends on all hosts.
    listens=(Listen("${haproxy.status_address}", "${haproxy.status_port}"),),
    verify=(Task("configuration", ("kolla-verify",)),),
    drain=("kolla-drain",),
    stop_grace=60,
    # Two buffers and two sockets for each client.
    limits=Limits(
        memory="256m + 192k * ${haproxy.connections}",
        files="1024 + 2 * ${haproxy.connections}",
        pids="256",
    ),
    options=OPTIONS,
)
