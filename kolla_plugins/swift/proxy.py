"""The proxy of Swift: what its users talk to."""

from kolla.plugin import Container, Strategy, Task, authority_file, certificate_files
from kolla_plugins.openstack import (
    identity_task, login_environment, router_environment, service_certificate,
    service_limits, service_listens, teardown_task,
)
from kolla_plugins.swift.common import ENVIRONMENT, IMAGE, OPTIONS, RINGS, USER

SWIFT_PROXY_SERVER = Container(
    name="swift-proxy-server",
    parent="swift",
    summary="swift-proxy-server, what users of Swift talk to",
    image=IMAGE,
    project="swift",
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={
        **ENVIRONMENT,
        **router_environment("swift"),
        **login_environment("swift"),
        "KOLLA_APPLICATION": "kolla-swift proxy-server swift.proxy.server",
        # Objects; what is asked of accounts and containers is small.
        "KOLLA_TRANSFERS": "^/v1/+[^/]+/+[^/]+/+[^/]",
        "KOLLA_TRANSFERS_OF_A_SOURCE": "${swift.transfers_per_source}",
    },
    certificate=service_certificate("swift"),
    files=(
        RINGS, *certificate_files("swift", "api.tls"), authority_file("keystone", "api.tls"),
    ),
    listens=service_listens("swift"),
    limits=service_limits("swift"),
    requires=(
        "keystone", "swift-account-server", "swift-container-server", "swift-object-server",
    ),
    bootstrap=(identity_task("swift", "object-store", path="/v1/AUTH_%(project_id)s"),),
    teardown=(teardown_task("swift", "object-store", hosts="${swift.proxies}"),),
    on_demand=(Task("rings", ("kolla-swift-rings",), every=3600),),
    stop_grace=120,
    options=OPTIONS,
    # Sections of its configuration file, of which there is no list.
    open_groups=("DEFAULT", "app:*", "filter:*", "pipeline:*"),
)
