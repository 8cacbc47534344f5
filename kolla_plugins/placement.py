"""Placement: what hypervisors have, and what of it is taken."""

from kolla.plugin import Container, Hold, Image, Strategy, shared_folder
from kolla_plugins.openstack import (
    API, IDENTITY, database_task, identity_task, login_environment, schema_phases, schema_task,
    service_certificate, service_environment, service_files, service_limits, service_listens,
    service_options, teardown_task, upgrade_check, user_options,
)

PLACEMENT_API = Container(
    name="placement-api",
    parent="openstack-interface",
    optional=True,
    summary="Placement, what hypervisors have and what of it is taken",
    image=Image(
        "placement-api",
        folder=shared_folder("docker", "placement-api"),
        parent="openstack-wsgi",
        builder="openstack-builder",
        offline=True,
        per_release=True,
    ),
    user=42482,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment(
            "placement", {"OS_PLACEMENT_DATABASE__CONNECTION": "database_name"}
        ),
        **login_environment("placement"),
    },
    certificate=service_certificate("placement"),
    files=service_files("placement"),
    listens=service_listens("placement"),
    limits=service_limits("placement"),
    requires=("mariadb", "keystone"),
    hold=Hold(),
    bootstrap=(
        database_task("placement"),
        schema_task("bootstrap"),
        identity_task("placement", "placement"),
    ),
    verify=(upgrade_check("placement-status"),),
    **schema_phases(),
    teardown=(teardown_task("placement", "placement"),),
    options={
        **API,
        **IDENTITY,
        "placement": (
            *service_options("placement", 8778, container="placement-api"),
            *user_options("placement"),
        ),
    },
)
