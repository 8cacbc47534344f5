"""kolla-teardown: takes away what a service has elsewhere, when its data is deleted.

Its queues go, and its catalog entry with the last container of its name. Its databases with
their account, and its user in Keystone, go with the last container of the software. The ledger
says which others there are, on any host; of a service without a database, KOLLA_SERVICE_HOSTS.
Safe to repeat, since it may be interrupted.
"""

from collections.abc import Mapping

from kolla_image.environment import get, patience, require, who


def others() -> dict[str, str]:
    """What else uses what the service has elsewhere: a text about each, and its container."""
    if get("KOLLA_DATABASE_ROOT_PASSWORD"):
        return leave()
    hosts = (get("KOLLA_SERVICE_HOSTS") or "").split(",")
    here, me = get("KOLLA_HOST"), require("KOLLA_CONTAINER")
    return {f"{me} on {host}": me for host in hosts if host not in ("", here)}


def leave() -> dict[str, str]:
    """Say in the ledger that this container is gone; those that still use the databases."""
    from kolla_image import database, ledger  # not every image has a client of databases

    first, *_ = ledger.urls().values()
    if not database.exists(first.database):  # it has left before
        return {}
    me = who()
    with ledger.connected(me, patience()) as book:
        book.forget(me["host"], me["container"])
        return {str(member): member.container for member in book.state().members.values()}


def drop() -> None:
    """The databases, the one with the ledger last, and their account."""
    from kolla_image import database, ledger

    urls = list(ledger.urls().values())
    names = [url.database for url in reversed(urls)]
    with database.administrator() as cursor:
        for sql, values in database.removal(names, urls[0].username):
            cursor.execute(sql, values)
    print(f"gone: the database {', '.join(names)}, and its user {urls[0].username}")


def withdraw(others: Mapping[str, str]) -> None:
    """What Keystone knows of the service."""
    from kolla_image import identity

    service, kind, me = require("KOLLA_SERVICE_NAME"), get("KOLLA_SERVICE_TYPE"), who()
    with identity.administrator() as keystone:
        if kind and me["container"] not in others.values():
            identity.withdraw(keystone, service, kind, require("KOLLA_IDENTITY_REGION"))
            print(f"gone: {service} ({kind}) from Keystone's catalog")
        user = require("KOLLA_SERVICE_USER")
        if not others and identity.remove_user(keystone, user, service):
            print(f"gone: the user {user} from Keystone")


def main() -> None:
    if get("KOLLA_RPC_QUEUE"):
        from kolla_image import queues

        queues.main()
    found = others()
    if get("KOLLA_SERVICE_NAME"):
        withdraw(found)
    if found:
        print(f"the rest stays: {', '.join(found)} still use it")
    elif get("KOLLA_DATABASE_ROOT_PASSWORD"):
        drop()
