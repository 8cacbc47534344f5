"""Horizon's local settings, from the variables of its container.

While the image is built there is but the secret key, which then counts for nothing.
"""

import os
import pathlib
import urllib.parse
import warnings

from kolla_image import environment
from openstack_dashboard import defaults
from openstack_dashboard.settings import MIDDLEWARE as _MIDDLEWARE

#: Settings of the operator, which replace those below.
_OWN = pathlib.Path("/etc/horizon/local_settings.py")


def _get(name: str, default: str = "") -> str:
    return os.environ.get(f"KOLLA_HORIZON_{name}") or default


def _host(url: str) -> str:
    name = urllib.parse.urlsplit(url).hostname or ""
    return f"[{name}]" if ":" in name else name


# They are for the developers of Horizon, which asks for them.
warnings.filterwarnings("ignore", category=DeprecationWarning)

_PUBLIC, _INTERNAL = _get("PUBLIC_URL"), _get("INTERNAL_URL")
_TLS = _PUBLIC.startswith("https:")

SECRET_KEY = environment.require("KOLLA_HORIZON_SECRET_KEY")

# Who may ask, under which names. kolla-check calls it localhost.
ALLOWED_HOSTS = [
    "localhost", *(host for host in map(_host, (_PUBLIC, _INTERNAL)) if host),
    *_get("ALLOWED_HOSTS").replace(",", " ").split(),
]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_PROXY_ADDR_HEADER = "HTTP_X_FORWARDED_FOR"
# A load balancer may have ended TLS.
CSRF_TRUSTED_ORIGINS = [url.rstrip("/") for url in (_PUBLIC, _INTERNAL) if url]
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _TLS
CSRF_COOKIE_HTTPONLY = False  # the pages read it
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = int(_get("HSTS", "0")) if _TLS else 0
MIDDLEWARE = ("django.middleware.security.SecurityMiddleware", *_MIDDLEWARE)

# A session is in its cookie, so that every generation on every host has it.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_SERIALIZER = "kolla_horizon.sessions.Serializer"
SESSION_TIMEOUT = int(_get("SESSION_TIMEOUT", "3600"))
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

OPENSTACK_KEYSTONE_URL = _get("KEYSTONE_URL")
WEBSSO_KEYSTONE_URL = _get("KEYSTONE_PUBLIC_URL")
OPENSTACK_ENDPOINT_TYPE = "internalURL"
OPENSTACK_SSL_CACERT = _get("AUTHORITIES") or None
DEFAULT_SERVICE_REGIONS = {"*": _get("REGION")}
OPENSTACK_KEYSTONE_MULTIDOMAIN_SUPPORT = _get("MULTIDOMAIN") == "true"
# Not through the router, which reads small requests only.
HORIZON_IMAGES_UPLOAD_MODE = "off"
LAUNCH_INSTANCE_DEFAULTS = {**defaults.LAUNCH_INSTANCE_DEFAULTS, "create_volume": False}
TIME_ZONE = "UTC"
ALLOWED_PRIVATE_SUBNET_CIDR = {"ipv4": [], "ipv6": []}

STATIC_ROOT = "/opt/kolla/static"
COMPRESS_OFFLINE = True
AVAILABLE_THEMES = [("default", "Default", "themes/default")]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s.%(msecs)03d %(levelname)s %(name)s %(message)s",
                 "datefmt": "%Y-%m-%d %H:%M:%S"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Who has logged in, and who was refused.
        "openstack_auth": {"level": "INFO"},
        "django": {"handlers": [], "level": "WARNING"},
    },
}

if _OWN.exists():
    exec(compile(_OWN.read_text(), _OWN, "exec"))
