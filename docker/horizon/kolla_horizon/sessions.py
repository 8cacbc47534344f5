"""Sessions, as cookies hold them: JSON that every release reads, in as few bytes as it takes.

Horizon 2025.2 would have pickles instead, with which whoever knew the key could run code. Browsers
keep 4096 bytes of a cookie: the catalog of services takes most of that, and its numbers, which no
page needs, do not compress.
"""

import datetime
import json
from collections.abc import Iterable, Mapping

from openstack_auth.user import Token

#: What Horizon looks up of an endpoint; it takes the number of a region for its name.
ENDPOINT = ("interface", "region_id", "url")
#: Marks what is more than JSON.
TIME, TOKEN = "\x00time", "\x00token"


class Serializer:
    def dumps(self, session: Mapping) -> bytes:
        return json.dumps(session, separators=(",", ":"), default=_plain).encode()

    def loads(self, data: bytes) -> dict:
        return json.loads(data, object_hook=_whole)


def _plain(value) -> dict | str:
    if isinstance(value, datetime.datetime):
        return {TIME: value.isoformat()}
    if isinstance(value, Token):
        return {TOKEN: {**vars(value), "serviceCatalog": _short(value.serviceCatalog)}}
    if type(value).__name__ == "__proxy__":  # a text that is translated when it is read
        return str(value)
    raise TypeError(f"a session cannot hold {type(value).__name__}")


def _whole(found: dict):
    if TIME in found:
        return datetime.datetime.fromisoformat(found[TIME])
    if TOKEN in found:
        token = Token.__new__(Token)
        vars(token).update(found[TOKEN])
        return token
    return found


def _short(catalog: Iterable[Mapping] | None) -> list[dict]:
    return [
        {"type": service["type"], "name": service.get("name", ""), "endpoints": [
            {name: endpoint.get(name) for name in ENDPOINT} for endpoint in service["endpoints"]
        ]}
        for service in catalog or ()
    ]
