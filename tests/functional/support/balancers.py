"""Load balancers of Octavia, as a user who is logged in makes them."""

import uuid

from tests.functional.support.watching import until

CONTROL = (
    "octavia-worker", "octavia-health-manager", "octavia-housekeeping", "octavia-driver-agent",
)
CONTAINERS = (*CONTROL, "octavia-api")
#: Seconds in which something of a load balancer without a virtual machine is done, on a busy host.
DONE = 240


class Balancers:
    """Those of the project of a connection."""

    def __init__(self, connection):
        self.api = connection.load_balancer

    def begin(self, subnet: str) -> str:
        """The id of a new load balancer with an address in that subnet; it has yet to be made."""
        name = f"balancer-{uuid.uuid4().hex[:8]}"
        return self.api.create_load_balancer(name=name, vip_subnet_id=subnet).id

    def ready(self, id: str, seconds: float = DONE) -> str:
        """The same id, once nothing is done to it any more and it can be used."""
        def ended() -> str:
            status = self.api.get_load_balancer(id).provisioning_status
            return "" if status.startswith("PENDING") else status
        assert until(ended, seconds) == "ACTIVE"
        return id

    def all(self) -> list[str]:
        return [each.id for each in self.api.load_balancers()]

    def delete(self, *ids: str, seconds: float = DONE) -> None:
        """Until nothing of them is left."""
        for id in ids:
            self.api.delete_load_balancer(id, cascade=True)
        until(lambda: not set(ids) & set(self.all()), seconds)
