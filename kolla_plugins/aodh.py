"""Aodh: alarms, when measures of Gnocchi cross a threshold or something happens."""

from collections.abc import Mapping

from oslo_config import cfg

from kolla.plugin import (
    Container, File, Hold, Image, Limits, Strategy, authority_file, certificate_files,
    shared_folder,
)
from kolla_plugins.openstack import (
    API, IDENTITY, MESSAGING_FILE, PERIODIC_CHECK, client_environment,
    database_environment, database_task, identity_task, login_environment, messaging_environment,
    optional_authority, schema_phases, schema_task, service_certificate, service_environment,
    service_limits, service_listens, service_options, teardown_task, upgrade_check, user_options,
)

IMAGE = Image(
    "aodh",
    folder=shared_folder("docker", "aodh"),
    parent="openstack-wsgi",
    builder="openstack-builder",
    offline=True,
    per_release=True,
)

USER = 42402

OPTIONS = {
    **API,
    **IDENTITY,
    "aodh": (
        *service_options("aodh", 8042, container="aodh-api"),
        *user_options("aodh"),
        cfg.ListOpt(
            "allowed_hosts", default=[],
            help="Names and addresses that URLs of alarms may have,"
            " and that lead to a loopback or link-local address. Others that do are refused.",
        ),
    ),
}

ENVIRONMENT = {
    "KOLLA_HOST": "${host.name}",
    "KOLLA_ALLOWED_HOSTS": "${aodh.allowed_hosts}",
    "OS_SERVICE_CREDENTIALS__INTERFACE": "internal",
    **database_environment("aodh"),
    **messaging_environment(),
    **client_environment("aodh", "service_credentials"),
}

#: The queue of events, which ceilometer-notification fills, and that of alarms to tell.
ALARMS_ON_EVENTS, ALARMS_TO_TELL = "alarm.all.sample", "alarming.sample"

#: Whoever knows the URL that an alarm calls can call it: Heat's is signed, and stays valid. Of the
#: notifier only warnings and errors are logged where a line names it, except for alarms whose URL
#: is log://. The list takes the place of oslo.log's own, whose other loggers it has from there.
WITHOUT_URLS = ",".join((
    "aodh.notifier=INFO", "aodh.notifier.rest=WARN", "aodh.notifier.heat=WARN",
    "aodh.notifier.zaqar=WARN", "urllib3.connectionpool=WARN", "urllib3.util.retry=WARN",
    "amqp=WARN", "oslo.messaging=INFO", "oslo_messaging=INFO", "sqlalchemy=WARN",
    "stevedore=WARN", "keystoneauth=WARN", "oslo.cache=INFO", "oslo_policy=INFO",
))

FILES = (
    File("/etc/aodh/policy.yaml", option="aodh.policy_file"),
    MESSAGING_FILE,
    authority_file("database", "database.tls"),
    authority_file("keystone", "api.tls"),
    optional_authority("gnocchi", "gnocchi-api"),
    optional_authority("heat", "heat-api"),
)

AODH_API = Container(
    name="aodh-api",
    parent="openstack-interface",
    optional=True,
    summary="Aodh, alarms on the measures and events of the cloud",
    image=IMAGE,
    project="aodh",
    user=USER,
    strategy=Strategy.HANDOVER,
    environment={**ENVIRONMENT, **service_environment("aodh"), **login_environment("aodh")},
    certificate=service_certificate("aodh"),
    files=(*FILES, *certificate_files("aodh", "api.tls")),
    listens=service_listens("aodh"),
    limits=service_limits("aodh"),
    follows=("gnocchi-api",),
    requires=("mariadb", "rabbitmq", "keystone"),
    hold=Hold(),
    bootstrap=(
        database_task("aodh"),
        schema_task("bootstrap"),
        identity_task("aodh", "alarming", roles="admin,service"),
    ),
    verify=(upgrade_check("aodh-status"),),
    **schema_phases(),
    teardown=(teardown_task("aodh", "alarming"),),
    options=OPTIONS,
)


def _worker(
    name: str, summary: str, *follows: str, command: str = "", reads: str = "",
    files: tuple[File, ...] = (), environment: Mapping[str, str] = ENVIRONMENT,
) -> Container:
    """``command``: if it is not its name. ``reads``: the queue that goes with it."""
    return Container(
        name=name,
        parent="ceilometer-controller",
        summary=summary,
        image=IMAGE,
        project="aodh",
        user=USER,
        command=("kolla-run", command or name),
        environment=environment,
        check=PERIODIC_CHECK,
        files=(*FILES, *files),
        limits=Limits(memory="512m"),
        follows=("aodh-api", *follows),
        requires=("mariadb", "rabbitmq", "keystone", "aodh-api"),
        bootstrap=(schema_task("bootstrap"),),
        **schema_phases(leads=False),
        teardown=(
            teardown_task("aodh", environment={"KOLLA_RPC_QUEUE": reads} if reads else {}),
        ),
        # An alarm that has been read is told of.
        stop_grace=60,
        options=OPTIONS,
    )


AODH_NOTIFIER = _worker(
    "aodh-notifier", "aodh-notifier, calls those whom an alarm is to tell",
    command="kolla-aodh-notifier",
    reads=ALARMS_TO_TELL,
    files=(optional_authority("heat_cfn", "heat-api-cfn"),),
    environment={**ENVIRONMENT, "OS_DEFAULT__DEFAULT_LOG_LEVELS": WITHOUT_URLS},
)
# The notifier reads what these two write: it is upgraded before them.
AODH_EVALUATOR = _worker(
    "aodh-evaluator", "aodh-evaluator, compares measures with the thresholds of alarms",
    AODH_NOTIFIER.name,
)
AODH_LISTENER = _worker(
    "aodh-listener", "aodh-listener, looks for events that alarms wait for",
    AODH_NOTIFIER.name, reads=ALARMS_ON_EVENTS,
)
