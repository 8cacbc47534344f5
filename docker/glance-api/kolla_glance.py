"""Glance's application, with work after an answer that can be waited for, and safe imports."""

import fcntl
import http.client
import ipaddress
import os
import urllib.request

from glance import async_
from glance.common import exception, store_utils, trust_auth
from glance_store._drivers.swift import utils
from oslo_config import cfg

LOCK = "/run/kolla/background.lock"

_spawn = async_.ThreadPoolModel.spawn


def spawn(pool, work, *arguments, **options):
    """Called while the request is in flight: a drain (``kolla-finish``) sees the one or the other.

    An import of an image goes on in a thread when its request has been answered. Until it ends
    it holds a lock together with the others, which the kernel frees if the process dies.
    """
    lock = open(LOCK, "w")
    fcntl.flock(lock, fcntl.LOCK_SH)

    def release(future) -> None:
        # Unlock: close() would not, while a child that was forked meanwhile has the file open.
        fcntl.flock(lock, fcntl.LOCK_UN)
        lock.close()

    future = _spawn(pool, work, *arguments, **options)
    future.add_done_callback(release)
    return future


async_.ThreadPoolModel.spawn = spawn


def refuse_inside(host: str, address: str) -> None:
    """Raise ``OSError`` if an image would be fetched from this host itself.

    ``address`` is the one that ``host`` has led to, however it was written and whatever names
    and redirects it came by.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    inside = found.is_loopback or found.is_link_local or found.is_unspecified
    if inside and host not in cfg.CONF.import_filtering_opts.allowed_hosts:
        raise OSError(f"{host} is at {found}, where nothing is imported from")


class _Guarded:
    """A connection that looks where it has ended before it asks anything."""

    def connect(self):
        super().connect()
        try:
            refuse_inside(self.host, self.sock.getpeername()[0])
        except OSError:
            self.close()
            raise


class _Http(_Guarded, http.client.HTTPConnection):
    pass


class _Https(_Guarded, http.client.HTTPSConnection):
    pass


def _open_http(handler, request):
    return handler.do_open(_Http, request)


def _open_https(handler, request):
    return handler.do_open(_Https, request, context=handler._context)


# Glance 33 and later check addresses themselves, with handlers of their own.
urllib.request.HTTPHandler.http_open = _open_http
urllib.request.HTTPSHandler.https_open = _open_https


class NoTrust:
    """Stands for the trust with which Glance could act for a user once the token has ended.

    An upload asks Keystone nothing at its end: images are in Glance's own database. Glance cannot
    make a trust anyway, since keystonemiddleware lacks options that it reads for that, such as
    collect_timing, and says so at each upload.
    """

    def __init__(self, *_):
        pass

    def refresh_token(self):
        raise exception.NotAuthenticated

    def release_resources(self):
        pass


trust_auth.TokenRefresher = NoTrust

# A store has the name of its kind; an earlier kolla names none. What an operator says in Glance's
# own options counts.
stores = [name.strip() for name in os.environ.get("KOLLA_STORES", "file").split(",")]
backends = ",".join(f"{name}:{name}" for name in stores)
os.environ.setdefault("OS_DEFAULT__ENABLED_BACKENDS", backends)
os.environ.setdefault("OS_GLANCE_STORE__DEFAULT_BACKEND", stores[0])
# Nobody has Glance log in anywhere else.
store_utils.RESTRICTED_URI_SCHEMAS |= {"swift", "swift+http", "swift+https"}
# A percent sign in a password is nothing else.
utils.CONFIG = utils.SwiftConfigParser(interpolation=None)

from glance.wsgi.api import application  # noqa: E402, F401
