"""What a test prints that fails on a machine of its own, before that is torn down."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.functional.support.cloud import Cloud
from tests.functional.support.plugged import ip
from tests.functional.support.server import complaints

#: Of the log of a container.
LINES = 150


@contextlib.contextmanager
def evidence(
    cloud: Cloud, names: Sequence[str], session: pytest.Session | None = None
) -> Iterator[None]:
    """If the block fails: ports, agents, devices, and the logs of these containers.

    ``session``: it prints them, too, if a test of that has failed meanwhile.
    """
    before = session.testsfailed if session else 0
    try:
        yield
    except BaseException:
        show(cloud, names)
        raise
    if session and session.testsfailed > before:
        show(cloud, names)


def show(cloud: Cloud, names: Sequence[str]) -> None:
    """All that can be found: what cannot says why."""
    looks: dict[str, Callable[[], str]] = {
        "devices": lambda: ip(cloud.deployment, "-brief", "link"),
        "agents": lambda: agents(cloud),
        "ports": lambda: ports(cloud),
        "complaints": lambda: complaints(cloud),
        **{name: lambda name=name: log(cloud, name) for name in names},  # type: ignore[misc]
    }
    for title, look in looks.items():
        try:
            text = look()
        except Exception as error:  # the cloud is broken: that is why this is asked
            text = repr(error)
        print(f"=== {title}\n{text}")


def agents(cloud: Cloud) -> str:
    with cloud.connect() as connection:
        return "\n".join(
            f"{each.agent_type} on {each.host}: {'alive' if each.is_alive else 'dead'},"
            f" {each.configuration}" for each in connection.network.agents())


def ports(cloud: Cloud) -> str:
    with cloud.connect() as connection:
        return "\n".join(
            f"{each.id} of {each.device_owner}: {each.status}, {each.binding_vif_type} on"
            f" {each.binding_host_id}, {each.binding_vif_details}"
            for each in connection.network.ports())


def log(cloud: Cloud, name: str) -> str:
    with cloud.deployment.engine.client() as client:
        found = client.containers.list(all=True, filters={"label": f"kolla.container={name}"})
        return "\n".join(
            f"{each.name}, {each.status}:\n{each.logs(tail=LINES).decode(errors='replace')}"
            for each in found)
