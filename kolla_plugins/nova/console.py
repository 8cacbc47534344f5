"""The consoles of virtual machines in a browser (noVNC)."""

from oslo_config import cfg

from kolla.plugin import (
    Certificate, Container, Limits, Listen, Strategy, certificate_files,
    certificate_options,
)
from kolla_plugins.nova.shared import (
    IMAGE, JOIN_SCHEMA, OPTIONS, USER, control_environment, nova_files, phases,
)
from kolla_plugins.openstack import service_urls

CONSOLE = (
    cfg.StrOpt("address", default="${host.address}", help="The address it listens on."),
    cfg.PortOpt("port", default=6080, help="The port it listens on."),
    cfg.StrOpt(
        "public_url", default=service_urls("console")[0],
        help="Where browsers of the cloud's users reach it.",
    ),
    cfg.IntOpt(
        "connections", default=100, min=4,
        help="Consoles that may be open at a time; each is a process. Further ones wait.",
    ),
    *certificate_options("nova-novncproxy"),
)

NOVA_NOVNCPROXY = Container(
    name="nova-novncproxy",
    parent="nova-controller",
    summary="nova-novncproxy, the consoles of virtual machines in a browser",
    image=IMAGE,
    project="nova",
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={
        **control_environment(),
        "KOLLA_APPLICATION": "kolla-console",
        "KOLLA_ADDRESS": "${console.address}",
        "KOLLA_PORT": "${console.port}",
        "KOLLA_WORKERS": "1",
        "KOLLA_THREADS": "${console.connections}",
        "KOLLA_PROXIES": "${api.proxies}",
        "KOLLA_TRUSTED": "${host.address},${api.virtual_address},${api.trusted}",
        "KOLLA_CLIENTS_OF_A_SOURCE": "${api.connections_per_source}",
        "KOLLA_CHECK_PATH": "/vnc_lite.html",
        "OS_VNC__NOVNCPROXY_BASE_URL": "${console.public_url}/vnc_lite.html",
    },
    certificate=Certificate(
        "console", when="api.tls", public=True,
        names=("${console.address}", "${console.public_url}"),
    ),
    files=(*nova_files(), *certificate_files("console", "api.tls")),
    listens=(Listen("${console.address}", "${console.port}", balanced="http"),),
    limits=Limits(
        memory="512m + 24m * ${console.connections}", pids="1024 + ${console.connections}",
    ),
    follows=("nova-conductor",),
    requires=("mariadb", "rabbitmq", "nova-conductor"),
    bootstrap=(JOIN_SCHEMA,),
    **phases(),
    # Consoles stay open for so long; then they are closed, and their users open them again.
    drain_grace=120,
    stop_grace=10,
    options={**OPTIONS, "console": CONSOLE},
)
