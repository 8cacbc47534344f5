"""HTTP to places that users of the cloud name: none of this host, unless an operator allows it.

Where a name leads is looked at once a connection is there, also after a redirect, and before
anything is sent.
"""

import ipaddress

import requests
from requests.adapters import HTTPAdapter
from urllib3 import connectionpool

from kolla_image.environment import get


def refuse_inside(host: str, address: str) -> None:
    """Raise ``OSError`` if ``host`` has led to this host itself, or to a link-local address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    inside = found.is_loopback or found.is_link_local or found.is_unspecified
    allowed = {name.strip() for name in (get("KOLLA_ALLOWED_HOSTS") or "").split(",")}
    if inside and host not in allowed:
        raise OSError(f"{host} is at {found}, where nothing is asked for")


class _Guarded:
    def _new_conn(self):
        sock = super()._new_conn()
        try:
            refuse_inside(self.host, sock.getpeername()[0])
        except OSError:
            sock.close()
            raise
        return sock


class _Http(_Guarded, connectionpool.HTTPConnectionPool.ConnectionCls):
    pass


class _Https(_Guarded, connectionpool.HTTPSConnectionPool.ConnectionCls):
    pass


class _HttpPool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments, **options) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class Session(requests.Session):
    """Raises ``requests.ConnectionError`` instead of asking this host."""

    def __init__(self, retries: int = 0):
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(max_retries=retries))
