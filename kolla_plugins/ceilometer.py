"""Ceilometer: gathers measures for Gnocchi, from what services tell and what it asks them for."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from oslo_config import cfg

from kolla.plugin import (
    Cloud, Container, File, Image, Limits, Privilege, Task, authority_file, each_host,
    shared_folder,
)
from kolla_plugins import libvirt
from kolla_plugins.aodh import ALARMS_ON_EVENTS
from kolla_plugins.openstack import (
    API, IDENTITY, MESSAGING_FILE, PERIODIC_CHECK, client_environment, identity_task,
    messaging_environment, optional_authority, teardown_task, user_options,
)

IMAGE = Image(
    "ceilometer",
    folder=shared_folder("docker", "ceilometer"),
    parent="openstack-base",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

USER = 42405

OPTIONS = {
    **API,
    **IDENTITY,
    "ceilometer": (
        *user_options("ceilometer"),
        each_host(
            "hosts", "ceilometer-notification", "${host.name}",
            help="The hosts with ceilometer-notification. The user is in Keystone as long as "
            "there are several.",
        ),
        cfg.StrOpt(
            "polling_file",
            help="A polling.yaml on this host: what is asked for, and how often. Empty: "
            "virtual machines, and volumes where there is Cinder, each five minutes.",
        ),
        cfg.StrOpt(
            "archive_policy", default="", regex=r"^[\w.-]*$",  # it becomes a part of a URL
            help="The archive policy of Gnocchi for all that is measured for the first time, such "
            "as ceilometer-high-rate. Empty: those of Ceilometer, with a value for five minutes.",
        ),
    ),
}

#: The authorities of all APIs that Ceilometer asks, of those that the cloud has.
AUTHORITY_FILES = (
    authority_file("keystone", "api.tls"),
    optional_authority("cinder", "cinder-api"),
    optional_authority("glance", "glance-api"),
    optional_authority("gnocchi", "gnocchi-api"),
    optional_authority("neutron", "neutron-api"),
    optional_authority("nova", "nova-api"),
    optional_authority("swift", "swift-proxy-server"),
)

#: Queues from which ceilometer-notification reads, and the one that it fills for Aodh.
PRIORITIES = ("audit", "critical", "debug", "error", "info", "sample", "warn")
QUEUES = {
    "KOLLA_RPC_QUEUE": ALARMS_ON_EVENTS,
    "KOLLA_RPC_TOPICS": " ".join(f"notifications.{priority}" for priority in PRIORITIES),
}

#: What Gnocchi is to know of resources; safe to repeat, and the release before tolerates it.
RESOURCE_TYPES = Task("resource-types", ("kolla-run", "ceilometer-upgrade", "--retry", "10"))


#: What is asked for by default: that of Ceilometer's own polling.yaml.
OF_MACHINES = (
    "power.state", "cpu", "memory.available", "memory.usage",
    "network.incoming.bytes", "network.incoming.packets",
    "network.outgoing.bytes", "network.outgoing.packets",
    "disk.device.read.bytes", "disk.device.read.requests",
    "disk.device.write.bytes", "disk.device.write.requests",
)
OF_VOLUMES = ("volume.size", "volume.snapshot.size", "volume.backup.size")
#: Seconds between two times.
INTERVAL = 300


def polling(cloud: Cloud) -> str:
    """What is asked for, and how often: of volumes only where there are any, or each time would
    end with errors.
    """
    volumes = OF_VOLUMES if cloud.hosts("cinder-api") else ()
    source = {"name": "all", "interval": INTERVAL, "meters": [*OF_MACHINES, *volumes]}
    return json.dumps({"sources": [source]})


#: Where measures go. A parameter without a value is none.
PIPELINE = json.dumps({
    "sources": [{"name": "all", "meters": ["*"], "sinks": ["all"]}],
    "sinks": [{
        "name": "all",
        "publishers": ["gnocchi://?archive_policy=${ceilometer.archive_policy}"],
    }],
})


def event_pipeline(cloud: Cloud) -> str:
    """Where events go: to Aodh only where somebody reads them, or the queue would only grow."""
    heard = ["notifier://?topic=alarm.all"] if cloud.hosts("aodh-listener") else []
    return json.dumps({
        "sources": [{"name": "all", "events": ["*"], "sinks": ["all"]}],
        "sinks": [{"name": "all", "publishers": ["gnocchi://", *heard]}],
    })


def _agent(
    name: str, summary: str, command: tuple[str, ...], parent: str = "ceilometer-controller",
    image: Image = IMAGE, files: tuple[File, ...] = (),
    requires: tuple[str, ...] = ("rabbitmq", "keystone"),
    environment: Mapping[str, str] = MappingProxyType({}), **declared: Any,
) -> Container:
    return Container(
        name=name,
        parent=parent,
        summary=summary,
        image=image,
        project="ceilometer",
        user=USER,
        command=("kolla-run", *command),
        environment={
            "KOLLA_HOST": "${host.name}",
            "OS_DEFAULT__HOST": "${host.name}",
            "OS_SERVICE_CREDENTIALS__INTERFACE": "internal",
            **messaging_environment(),
            **client_environment("ceilometer", "service_credentials"),
            **environment,
        },
        check=PERIODIC_CHECK,
        files=(MESSAGING_FILE, *AUTHORITY_FILES, *files),
        limits=Limits(memory="512m"),
        requires=requires,
        # What has been read is delivered.
        stop_grace=60,
        options=OPTIONS,
        **declared,
    )


def _polling(
    name: str, summary: str, namespace: str, *requires: str, **declared: Any,
) -> Container:
    return _agent(
        name, summary, ("ceilometer-polling", "--polling-namespaces", namespace),
        files=(File(
            "/etc/ceilometer/polling.yaml", content=polling, option="ceilometer.polling_file",
        ),),
        follows=("ceilometer-notification",),
        # That makes the user, without whom polling gives up what it cannot ask for.
        requires=("rabbitmq", "keystone", "ceilometer-notification", *requires),
        **declared,
    )


CEILOMETER_NOTIFICATION = _agent(
    "ceilometer-notification",
    "ceilometer-agent-notification, hands what services tell to Gnocchi",
    ("ceilometer-agent-notification",),
    files=(
        File("/etc/ceilometer/pipeline.yaml", content=PIPELINE),
        File("/etc/ceilometer/event_pipeline.yaml", content=event_pipeline),
    ),
    follows=("gnocchi-api",),
    requires=("rabbitmq", "keystone", "gnocchi-api"),
    bootstrap=(identity_task("ceilometer", "", roles="admin,service"), RESOURCE_TYPES),
    expand=(RESOURCE_TYPES,),
    teardown=(teardown_task("ceilometer", hosts="${ceilometer.hosts}", environment=QUEUES),),
)

CEILOMETER_CENTRAL = _polling(
    "ceilometer-central",
    "ceilometer-polling, asks the services of the cloud from time to time",
    "central",
)

CEILOMETER_COMPUTE = _polling(
    "ceilometer-compute",
    "ceilometer-polling, asks libvirt what the virtual machines of this host take",
    "compute",
    "nova-libvirt",
    # Off by default from 2026.2 on. Alarms find the machines of a group by it.
    environment={"OS_COMPUTE__FETCH_EXTRA_METADATA": "true"},
    image=Image(
        "ceilometer-compute",
        folder=shared_folder("docker", "ceilometer-compute"),
        parent="ceilometer",
        offline=True,
        per_release=True,
    ),
    parent="openstack-compute-operation",
    optional=True,
    volumes=(libvirt.RUN,),
    privileges=(Privilege("root", "libvirt listens to nobody else"),),
)
