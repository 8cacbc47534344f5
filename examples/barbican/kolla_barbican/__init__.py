"""Barbican as containers of kolla: an API, and a worker that the API calls over the broker."""

import pathlib

from oslo_config import cfg

from kolla.plugin import (
    Container, ContainerSet, Hold, Image, Limits, Strategy, authority_file, secret,
)
from kolla_plugins.openstack import (
    API, IDENTITY, MESSAGING_FILE, WORKER_CHECK, database_environment, database_task,
    identity_task, login_environment, messaging_environment, schema_phases, schema_task,
    service_certificate, service_environment, service_files, service_limits, service_listens,
    service_options, teardown_task, user_options, worker_environment,
)

#: Where the API calls the workers: Barbican's own default for ``[queue] topic``.
TOPIC = "barbican.workers"

KEY_MANAGER = ContainerSet("key-manager", "Barbican, keys and other secrets of users")

IMAGE = Image(
    "barbican",
    folder=pathlib.Path(__file__).parent / "image",
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

COMMON = {
    "OS_QUEUE__ENABLE": "true",
    "OS_QUEUE__TOPIC": TOPIC,
    "OS_SIMPLE_CRYPTO_PLUGIN__KEK": "${barbican.master_key}",
}

OPTIONS = {
    **API,
    **IDENTITY,
    "barbican": (
        *service_options("barbican", 9311, container="barbican-api"),
        *user_options("barbican"),
        secret(
            "master_key", form="fernet",
            help="What everything is encrypted with; without it nothing can be read any more.",
        ),
        cfg.IntOpt("jobs", default=1, min=1, help="Processes of the worker."),
    ),
}

BARBICAN_API = Container(
    name="barbican-api",
    parent="key-manager",
    project="barbican",
    summary="Barbican's API",
    image=IMAGE,
    releases=("2026.1",),
    user=42403,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment("barbican"),
        **login_environment("barbican"),
        **messaging_environment(),
        **COMMON,
        "OS_DEFAULT__HOST_HREF": "${barbican.public_url}",
        # Any worker may carry out an order; the workers themselves have names.
        "OS_QUEUE__SERVER_NAME": "",
    },
    certificate=service_certificate("barbican"),
    files=(*service_files("barbican"), MESSAGING_FILE),
    listens=service_listens("barbican"),
    limits=service_limits("barbican"),
    requires=("mariadb", "rabbitmq", "keystone"),
    hold=Hold(),
    bootstrap=(
        database_task("barbican"),
        schema_task("bootstrap"),
        identity_task("barbican", "key-manager"),
    ),
    **schema_phases(),
    teardown=(teardown_task("barbican", "key-manager"),),
    options=OPTIONS,
)

BARBICAN_WORKER = Container(
    name="barbican-worker",
    parent="key-manager",
    project="barbican",
    follows=("barbican-api",),
    summary="Barbican's worker, which carries out orders",
    image=IMAGE,
    releases=("2026.1",),
    user=42403,
    # The next one is loaded beside it, and takes over.
    strategy=Strategy.RELIEVE,
    join=(),
    command=("kolla-worker", "kolla-preload", "barbican-worker"),
    check=WORKER_CHECK,
    environment={
        **worker_environment(TOPIC),
        **database_environment("barbican"),
        **COMMON,
        "OS_QUEUE__SERVER_NAME": "${host.name}",
        "OS_QUEUE__ASYNCHRONOUS_WORKERS": "${barbican.jobs}",
    },
    files=(
        authority_file("database", "database.tls"), MESSAGING_FILE,
        authority_file("keystone", "api.tls"),  # for its teardown
    ),
    limits=Limits(memory="512m + 256m * ${barbican.jobs}"),
    requires=("mariadb", "rabbitmq", "barbican-api"),
    bootstrap=(schema_task("bootstrap"),),
    **schema_phases(),
    teardown=(teardown_task("barbican"),),
    stop_grace=60,
    options=OPTIONS,
)
