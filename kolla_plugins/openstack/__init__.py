"""What plugins of OpenStack services share: the public module for their authors, too.

Beside ``kolla.plugin`` it is the only module of kolla that such a plugin imports. Most functions
get the name of the service, which is that of its group of options, of its database and of its
folder below ``/etc``. ``API`` and ``IDENTITY`` are options that all of them have;
``MESSAGING_FILE`` and ``WORKER_CHECK`` belong to services that use the broker,
``PERIODIC_CHECK`` is the check of those that nobody calls,
``QUEUE_TEARDOWN`` is the ``teardown_task()`` of those that see no database, and ``AUTHORITIES``
is a file in the container with the authorities of all services that it is a client of.
"""

from kolla_plugins.openstack.options import (
    API, IDENTITY, http_options, service_options, service_urls, user_options,
)
from kolla_plugins.openstack.services import (
    AUTHORITIES, MESSAGING_FILE, PERIODIC_CHECK, WORKER_CHECK, client_environment,
    database_environment, login_environment, messaging_environment, optional_authority,
    router_environment, service_certificate, service_environment, service_files, service_limits,
    service_listens, worker_environment,
)
from kolla_plugins.openstack.tasks import (
    DATABASE_ADMINISTRATOR, IDENTITY_ADMINISTRATOR, QUEUE_TEARDOWN, Phases, database_task,
    identity_task, schema_phases, schema_task, teardown_task, upgrade_check,
)

__all__ = [
    "API",
    "AUTHORITIES",
    "DATABASE_ADMINISTRATOR",
    "IDENTITY",
    "IDENTITY_ADMINISTRATOR",
    "MESSAGING_FILE",
    "PERIODIC_CHECK",
    "QUEUE_TEARDOWN",
    "WORKER_CHECK",
    "Phases",
    "client_environment",
    "database_environment",
    "database_task",
    "http_options",
    "identity_task",
    "login_environment",
    "messaging_environment",
    "optional_authority",
    "router_environment",
    "schema_phases",
    "schema_task",
    "service_certificate",
    "service_environment",
    "service_files",
    "service_limits",
    "service_listens",
    "service_options",
    "service_urls",
    "teardown_task",
    "upgrade_check",
    "user_options",
    "worker_environment",
]
