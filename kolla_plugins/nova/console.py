"""The consoles of virtual machines in a browser (noVNC)."""

from oslo_config import cfg

from kolla.plugin import (
    Certificate, Check, Container, Limits, Listen, Strategy, certificate_files,
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
    *certificate_options("nova-novncproxy"),
)

NOVA_NOVNCPROXY = Container(
    name="nova-novncproxy",
    parent="nova-controller",
    summary="nova-novncproxy, the consoles of virtual machines in a browser",
    image=IMAGE,
    project="nova",
    user=USER,
    strategy=Strategy.RELIEVE,
    command=("kolla-run", "kolla-preload", "nova-novncproxy"),
    join=(),
    environment={
        **control_environment(),
        "KOLLA_ADDRESS": "${console.address}",
        "KOLLA_PORT": "${console.port}",
        "OS_VNC__NOVNCPROXY_HOST": "${console.address}",
        "OS_VNC__NOVNCPROXY_PORT": "${console.port}",
        "OS_VNC__NOVNCPROXY_BASE_URL": "${console.public_url}/vnc_lite.html",
        "OS_DEFAULT__CERT": "${api.tls?/etc/kolla/tls/server.crt:self.pem}",
        "OS_DEFAULT__KEY": "${api.tls?/etc/kolla/tls/server.crt.key:}",
        "OS_DEFAULT__SSL_ONLY": "${api.tls}",
    },
    certificate=Certificate(
        "console", when="api.tls", public=True,
        names=("${console.address}", "${console.public_url}"),
    ),
    files=(*nova_files(), *certificate_files("console", "api.tls")),
    listens=(Listen("${console.address}", "${console.port}"),),
    check=Check(("kolla-check-console",), grace=240),
    limits=Limits(memory="1g"),
    follows=("nova-conductor",),
    requires=("mariadb", "rabbitmq", "nova-conductor"),
    bootstrap=(JOIN_SCHEMA,),
    **phases(),
    options={**OPTIONS, "console": CONSOLE},
)
