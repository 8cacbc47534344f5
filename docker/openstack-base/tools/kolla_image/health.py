"""A backend of oslo.middleware's /healthcheck: does the service's database answer?"""

import logging

import sqlalchemy
from oslo_middleware.healthcheck import pluginbase
from sqlalchemy import exc, pool

from kolla_image import environment

LOG = logging.getLogger(__name__)


class Database(pluginbase.HealthcheckBaseExtension):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.engine = sqlalchemy.create_engine(
            environment.get("OS_DATABASE__CONNECTION"),
            poolclass=pool.NullPool,
            connect_args={"connect_timeout": 5, "read_timeout": 5},
        )

    def healthcheck(self, server_port):
        try:
            with self.engine.connect() as connection:
                connection.execute(sqlalchemy.text("SELECT 1"))
        except exc.DBAPIError as error:
            # The answer is public: no names in it.
            LOG.error("The database cannot be used: %s", error.orig)
            code = error.orig.args[0] if error.orig.args else "unknown"
            reason = f"the database cannot be used (error {code})"
            return pluginbase.HealthcheckResult(available=False, reason=reason)
        return pluginbase.HealthcheckResult(available=True, reason="OK")
