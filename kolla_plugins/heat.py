"""Heat: stacks, of whatever the other services have, made as a template says."""

from collections.abc import Mapping
from types import MappingProxyType

from oslo_config import cfg

from kolla.plugin import (
    Container, File, Hold, Image, Limits, Strategy, Task, authority_file, certificate_files,
    secret, shared_folder,
)
from kolla_plugins.openstack import (
    API, AUTHORITIES, DATABASE_ADMINISTRATOR, IDENTITY, IDENTITY_ADMINISTRATOR,
    MESSAGING_FILE, WORKER_CHECK, Phases, client_environment, database_environment, database_task,
    http_options, identity_task, login_environment, messaging_environment, optional_authority,
    schema_phases, schema_task, service_certificate, service_environment, service_limits,
    service_listens, service_options, teardown_task, upgrade_check, user_options,
    worker_environment,
)

IMAGE = Image(
    "heat",
    folder=shared_folder("docker", "heat"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

USER = 42418

OPTIONS = {
    **API,
    **IDENTITY,
    "heat": (
        *service_options("heat", 8004, container="heat-api"),
        *user_options("heat"),
        cfg.StrOpt(
            "domain", default="heat",
            help="The domain in Keystone of the users that stacks have. Heat makes and removes"
            " them; they cannot log in to anything else.",
        ),
        cfg.StrOpt(
            "domain_admin", default="heat_domain_admin", help="The administrator of that domain.",
        ),
        secret("domain_admin_password", help="The password of that administrator."),
        secret(
            "auth_encryption_key", form="hex:16",
            help="What Heat encrypts logins of stacks with, and more if that is turned on. The"
            " same on all hosts, and for good: with another one nothing can be done with existing"
            " stacks.",
        ),
        cfg.ListOpt(
            "allowed_hosts", default=[],
            help="Names and addresses that URLs of templates may have,"
            " and that lead to a loopback or link-local address. Others that do are refused.",
        ),
        cfg.IntOpt("engine_workers", default=2, min=1, help="Processes of heat-engine."),
    ),
    "heat_cfn": http_options("heat_cfn", 8000, container="heat-api-cfn"),
}

#: The domain of the users of stacks, and who makes and removes them.
DOMAIN = {
    "OS_DEFAULT__STACK_USER_DOMAIN_NAME": "${heat.domain}",
    "OS_DEFAULT__STACK_DOMAIN_ADMIN": "${heat.domain_admin}",
    "OS_DEFAULT__STACK_DOMAIN_ADMIN_PASSWORD": "${oslo:heat.domain_admin_password}",
}

#: With which Heat acts on behalf of a user who trusts it: that alone says for which project.
TRUSTEE = {
    name: value for name, value in client_environment("heat", "trustee").items()
    if "PROJECT" not in name
}

ENVIRONMENT = {
    "KOLLA_HOST": "${host.name}",
    "KOLLA_ALLOWED_HOSTS": "${heat.allowed_hosts}",
    **database_environment("heat"),
    **messaging_environment(),
    **login_environment("heat"),
    **TRUSTEE,
    **DOMAIN,
    "OS_DEFAULT__AUTH_ENCRYPTION_KEY": "${oslo:heat.auth_encryption_key}",
    "OS_DEFAULT__REGION_NAME_FOR_SERVICES": "${identity.region}",
    "OS_CLIENTS__CA_FILE": f"${{api.tls?{AUTHORITIES}:}}",
    "OS_CLIENTS__ENDPOINT_TYPE": "internalURL",
    "OS_CLIENTS_KEYSTONE__AUTH_URI": "${keystone.internal_url}/v3",
    # What virtual machines are told of, which reach public addresses only.
    "OS_CLIENTS_HEAT__ENDPOINT_TYPE": "publicURL",
    "OS_DEFAULT__SERVER_KEYSTONE_ENDPOINT_TYPE": "public",
    "OS_DEFAULT__HEAT_METADATA_SERVER_URL": "${heat_cfn.public_url}",
    "OS_DEFAULT__HEAT_WAITCONDITION_SERVER_URL": "${heat_cfn.public_url}/v1/waitcondition",
}

#: The APIs that Heat makes things of, as far as a cloud has them: their containers.
CLIENT_OF = {
    "aodh": "aodh-api", "cinder": "cinder-api", "glance": "glance-api", "heat": "heat-api",
    "heat_cfn": "heat-api-cfn", "neutron": "neutron-api", "nova": "nova-api",
    "octavia": "octavia-api", "swift": "swift-proxy-server",
}

FILES = (
    File("/etc/heat/policy.yaml", option="heat.policy_file"),
    MESSAGING_FILE,
    authority_file("database", "database.tls"),
    authority_file("keystone", "api.tls"),
    *(optional_authority(group, api) for group, api in CLIENT_OF.items()),
)

#: Seconds in which heat-engine finishes what it makes, after the next one has taken over.
FINISHES = 300

#: Tells the ledger of a further container of Heat.
JOIN_SCHEMA = schema_task("bootstrap")


class HeatPhases(Phases):
    """Those of Heat's schema, and the end."""

    teardown: tuple[Task, ...]


def phases(kind: str = "", leads: bool = False) -> HeatPhases:
    """The phases of an upgrade, and the end, of a container with that entry in the catalog."""
    told = {**DATABASE_ADMINISTRATOR, **IDENTITY_ADMINISTRATOR}
    domain = Task("domain", ("kolla-heat-domain", "remove"), told)
    return {**schema_phases(leads=leads), "teardown": (domain, teardown_task("heat", kind))}


HEAT_ENGINE = Container(
    name="heat-engine",
    parent="heat-controller",
    summary="heat-engine, makes, changes and deletes what stacks consist of",
    image=IMAGE,
    project="heat",
    user=USER,
    # Two generations may work at a time: what one of them makes, it locks in the database.
    strategy=Strategy.HANDOVER,
    command=("kolla-own-name", "kolla-worker", "kolla-preload", "heat-engine"),
    join=(),
    environment={
        **ENVIRONMENT,
        **worker_environment("engine", "engine_worker", "heat-engine-listener"),
        "OS_DEFAULT__NUM_ENGINE_WORKERS": "${heat.engine_workers}",
        "OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT": str(FINISHES),
    },
    check=WORKER_CHECK,
    files=FILES,
    limits=Limits(memory="512m + 384m * ${heat.engine_workers}"),
    requires=("mariadb", "rabbitmq", "keystone"),
    bootstrap=(
        database_task("heat"),
        JOIN_SCHEMA,
        identity_task("heat", "orchestration", path="/v1/%(project_id)s"),
        Task("domain", ("kolla-heat-domain",), IDENTITY_ADMINISTRATOR, first=True),
    ),
    verify=(Task("encryption-key", ("kolla-heat-key",)), upgrade_check("heat-status")),
    **phases("orchestration", leads=True),
    stop_grace=FINISHES + 20,
    options=OPTIONS,
)


def api(
    name: str, summary: str, group: str, *, language: str, catalog: tuple[Task, ...] = (),
    kind: str = "", environment: Mapping[str, str] = MappingProxyType({}),
) -> Container:
    """One of the two APIs, with the options of that group.

    ``language``: the package in ``heat.api`` that speaks it. ``catalog``: what registers the
    API in Keystone's catalog as that ``kind``, if it does that itself.
    """
    return Container(
        name=name,
        parent="openstack-interface",
        optional=True,
        summary=summary,
        image=IMAGE,
        project="heat",
        user=USER,
        strategy=Strategy.HANDOVER,
        environment={
            **ENVIRONMENT,
            **service_environment(group, {}),
            **environment,
            "KOLLA_PRELOAD": f"heat.api.{language}.v1",
        },
        certificate=service_certificate(group),
        files=(*FILES, *certificate_files(group, "api.tls")),
        listens=service_listens(group),
        limits=service_limits(group),
        follows=("heat-engine",),
        requires=("mariadb", "rabbitmq", "keystone", "heat-engine"),
        hold=Hold(),
        bootstrap=(JOIN_SCHEMA, *catalog),
        **phases(kind),
        options=OPTIONS,
    )


HEAT_API = api(
    "heat-api", "Heat, stacks of whatever the other services have", "heat",
    language="openstack",
    environment={"KOLLA_WSGI": "heat.wsgi.api:application"},
)

HEAT_API_CFN = api(
    "heat-api-cfn",
    "Heat in the language of CloudFormation, and for what virtual machines report",
    "heat_cfn",
    language="cfn",
    environment={
        "KOLLA_WSGI": "heat.wsgi.cfn:application",
        **client_environment("heat", "ec2authtoken"),
        # Heat appends the path with the version; the catalog has a URL with one.
        "OS_EC2AUTHTOKEN__ENDPOINT_OVERRIDE": "${keystone.internal_url}",
    },
    catalog=(identity_task("heat", "cloudformation", path="/v1", place="heat_cfn"),),
    kind="cloudformation",
)
