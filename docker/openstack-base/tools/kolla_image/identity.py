"""kolla-identity: makes the service's user, catalog entry and endpoints in Keystone.

One without a ``KOLLA_SERVICE_TYPE`` has a user only.
"""

import contextlib
from collections.abc import Iterator

from keystoneauth1 import adapter, exceptions, session
from keystoneauth1.identity import v3

from kolla_image.environment import authority, fail, get, require

DOMAIN = "default"
#: Options of users that wrong passwords of a stranger must not lock out.
UNLOCKED = {"ignore_lockout_failure_attempts": True}
#: Seconds in which Keystone has to answer.
TIMEOUT = 60
#: Further attempts, later and later, where Keystone does not answer or its router has no room.
RETRIES = 5
BUSY = [502, 503, 504]


def password_login(
    url: str, user: str, password: str, project: str | None = None, domain: str = DOMAIN
) -> v3.Password:
    """``domain``: the id of that of the user. Without a ``project`` it only proves who it is."""
    return v3.Password(
        auth_url=url,
        username=user,
        password=password,
        project_name=project,
        user_domain_id=domain,
        project_domain_id=DOMAIN,
    )


def find(identity: adapter.Adapter, kind: str, **known: str) -> list[dict]:
    return identity.get(f"/{kind}s", params=known).json()[f"{kind}s"]


def connected(
    login: v3.Password, timeout: float = TIMEOUT, trust: str | None = None
) -> session.Session:
    """A session that gives a busy Keystone time.

    ``timeout``: seconds in which a server has to answer. ``trust``: of one that calls others
    besides Keystone, the file with the authorities of all.
    """
    verify = trust or authority("keystone") or True
    return session.Session(login, timeout=timeout, connect_retries=RETRIES, verify=verify)


def ensure(identity: adapter.Adapter, kind: str, found_by: dict, wanted: dict) -> str:
    """The id of a thing that is as wanted; it is made or changed if it has to be."""
    found = find(identity, kind, **found_by)
    if not found:
        body = {kind: {**found_by, **wanted}}
        try:
            return identity.post(f"/{kind}s", json=body).json()[kind]["id"]
        except exceptions.Conflict:  # another service has just made it
            found = find(identity, kind, **found_by)
            if not found:
                raise
    thing = found[0]
    if any(thing.get(name) != value for name, value in wanted.items()):
        identity.patch(f"/{kind}s/{thing['id']}", json={kind: wanted})
    return thing["id"]


def ensure_user(
    identity: adapter.Adapter, url: str, name: str, password: str, domain: str = DOMAIN
) -> str:
    """The id of a user that a service has. The password is only set where it is another one.

    Setting it, even to the same, would revoke the tokens of the running service.
    """
    found_by = {"name": name, "domain_id": domain}
    user = ensure(identity, "user", found_by, {"enabled": True, "options": UNLOCKED})
    try:
        connected(password_login(url, name, password, domain=domain)).get_token()
    except exceptions.Unauthorized:
        identity.patch(f"/users/{user}", json={"user": {"password": password}})
    return user


def register(identity: adapter.Adapter, url: str) -> None:
    domain = {"domain_id": DOMAIN}
    ensure(identity, "user", {"name": require("KOLLA_IDENTITY_USER"), **domain},
           {"options": UNLOCKED})
    project = ensure(identity, "project", {"name": "service", **domain}, {"enabled": True})
    user = ensure_user(
        identity, url, require("KOLLA_SERVICE_USER"), require("KOLLA_SERVICE_PASSWORD")
    )
    for name in require("KOLLA_SERVICE_ROLES").split(","):
        role = ensure(identity, "role", {"name": name}, {})
        identity.put(f"/projects/{project}/users/{user}/roles/{role}")
    if kind := get("KOLLA_SERVICE_TYPE"):
        enter(identity, require("KOLLA_SERVICE_NAME"), kind)


def enter(identity: adapter.Adapter, name: str, kind: str) -> None:
    """The service and its endpoints in the catalog."""
    catalog = {"name": name, "type": kind}
    service = ensure(identity, "service", catalog, {"enabled": True})
    for interface in ("public", "internal", "admin"):
        found_by = {
            "service_id": service,
            "interface": interface,
            "region_id": require("KOLLA_IDENTITY_REGION"),
        }
        place = "PUBLIC" if interface == "public" else "INTERNAL"
        ensure(identity, "endpoint", found_by, {"url": require(f"KOLLA_SERVICE_{place}_URL")})


def withdraw(identity: adapter.Adapter, name: str, kind: str, region: str) -> None:
    """Take the endpoints of a region out of the catalog, and the service with its last ones."""
    for service in find(identity, "service", name=name, type=kind):
        for endpoint in find(identity, "endpoint", service_id=service["id"], region_id=region):
            identity.delete(f"/endpoints/{endpoint['id']}")
        if not find(identity, "endpoint", service_id=service["id"]):
            identity.delete(f"/services/{service['id']}")


def remove_user(identity: adapter.Adapter, user: str, service: str) -> bool:
    """Remove the user of a service, unless that is in the catalog, for another region."""
    if find(identity, "service", name=service):
        return False
    for found in find(identity, "user", name=user, domain_id=DOMAIN):
        identity.delete(f"/users/{found['id']}")
    return True


@contextlib.contextmanager
def administrator() -> Iterator[adapter.Adapter]:
    """Keystone, as its administrator; what fails there ends the program with one line."""
    url = require("KOLLA_IDENTITY_URL")
    login = password_login(
        url,
        require("KOLLA_IDENTITY_USER"),
        require("KOLLA_IDENTITY_PASSWORD"),
        require("KOLLA_IDENTITY_PROJECT"),
    )
    try:
        yield adapter.Adapter(
            connected(login), endpoint_override=url, status_code_retries=RETRIES,
            retriable_status_codes=BUSY,
        )
    except exceptions.ConnectFailure:
        fail(f"Keystone at {url} cannot be reached")
    except exceptions.ClientException as error:
        fail(f"Keystone at {url}: {error}")


def main() -> None:
    with administrator() as identity:
        register(identity, require("KOLLA_IDENTITY_URL"))
