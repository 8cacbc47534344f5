"""Gnocchi: measures over time, aggregated as archive policies say, in files of this host."""

from oslo_config import cfg

from kolla.plugin import (
    Check, Container, Hold, Image, Limits, Strategy, Volume, authority_file, shared_folder,
)
from kolla_plugins.openstack import (
    API, IDENTITY, PERIODIC_CHECK, database_environment, database_task, identity_task,
    login_environment, schema_phases, schema_task, service_certificate, service_environment,
    service_files, service_limits, service_listens, service_options, teardown_task, user_options,
)

IMAGE = Image(
    "gnocchi",
    folder=shared_folder("docker", "gnocchi"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

USER = 42416

OPTIONS = {
    **API,
    **IDENTITY,
    "gnocchi": (
        *service_options("gnocchi", 8041, container="gnocchi-api"),
        *user_options("gnocchi"),
        cfg.IntOpt(
            "metricd_workers", default=1, min=1,
            help="Processes of gnocchi-metricd that aggregate measures.",
        ),
    ),
}

#: It holds the index and, as long as a connection lasts, the locks of what is worked on.
DATABASE = {"OS_INDEXER__URL": "database_name"}

#: Measures that the API has taken, and what gnocchi-metricd has made of them.
MEASURES = Volume("gnocchi", "/var/lib/gnocchi", shared=True)

GNOCCHI_API = Container(
    name="gnocchi-api",
    parent="openstack-interface",
    optional=True,
    summary="Gnocchi, measures of the cloud over time",
    image=IMAGE,
    project="gnocchi",
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={
        **service_environment("gnocchi", DATABASE),
        **login_environment("gnocchi"),
    },
    certificate=service_certificate("gnocchi"),
    files=service_files("gnocchi"),
    listens=service_listens("gnocchi"),
    volumes=(MEASURES,),
    limits=service_limits("gnocchi"),
    requires=("mariadb", "keystone"),
    hold=Hold(),
    bootstrap=(
        database_task("gnocchi"),
        schema_task("bootstrap"),
        identity_task("gnocchi", "metric"),
    ),
    **schema_phases(),
    teardown=(teardown_task("gnocchi", "metric"),),
    options=OPTIONS,
)

GNOCCHI_METRICD = Container(
    name="gnocchi-metricd",
    parent="ceilometer-controller",
    summary="gnocchi-metricd, aggregates what Gnocchi's API has taken",
    image=IMAGE,
    project="gnocchi",
    user=USER,
    command=("kolla-run", "gnocchi-metricd"),
    environment={
        "KOLLA_HOST": "${host.name}",
        **database_environment("gnocchi", DATABASE),
        "OS_METRICD__WORKERS": "${gnocchi.metricd_workers}",
    },
    check=Check(("kolla-check-measures", *PERIODIC_CHECK.command)),
    files=(
        authority_file("database", "database.tls"),
        authority_file("keystone", "api.tls"),  # for its teardown
    ),
    volumes=(MEASURES,),
    limits=Limits(memory="512m + 256m * ${gnocchi.metricd_workers}"),
    follows=("gnocchi-api",),
    requires=("mariadb", "gnocchi-api"),
    bootstrap=(schema_task("bootstrap"),),
    **schema_phases(leads=False),
    teardown=(teardown_task("gnocchi"),),
    # What is aggregated at the moment is finished.
    stop_grace=60,
    options=OPTIONS,
)
