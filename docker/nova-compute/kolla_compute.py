"""What Nova knows of this host, asked as nova-compute asks: of the conductor, over the broker."""

import os

os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"

from nova import monkey_patch  # noqa: E402

monkey_patch.patch()

from nova import config, context, exception, objects  # noqa: E402
from nova.conductor import rpcapi  # noqa: E402
from nova.conf import CONF  # noqa: E402
from nova.objects.base import NovaObject  # noqa: E402


class Conductor:
    """Its answers about the host of this container. Raises ``MessagingException``."""

    def __init__(self):
        config.parse_args(["kolla-compute"])
        objects.register_all()
        NovaObject.indirection_api = rpcapi.ConductorAPI()
        self._context, self._host = context.get_admin_context(), CONF.host

    def busy(self) -> list[str]:
        """The virtual machines that have a task under way, each with the task."""
        found = objects.InstanceList.get_by_host(self._context, self._host, expected_attrs=[])
        return [f"{each.uuid} ({each.task_state})" for each in found if each.task_state]

    def nodes(self) -> list[str]:
        """The identities under which it knows this host."""
        try:
            found = objects.ComputeNodeList.get_all_by_host(self._context, self._host)
        except exception.ComputeHostNotFound:
            return []
        return [each.uuid for each in found]
