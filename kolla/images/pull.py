"""Why an image of a registry could not be pulled, and what an operator does about it."""

import re

from kolla.errors import KollaError
from kolla.settings.pulled import registry

#: What the engine says, the cause in words, and the remedy.
_CAUSES = (
    ("HTTP response to HTTPS client", "{registry} does not speak TLS",
     "give the registry a certificate, or name it in insecure-registries in "
     "/etc/docker/daemon.json"),
    ("x509|certificate", "the engine does not trust the certificate of {registry}",
     "put the authority of the registry into /etc/docker/certs.d/{registry}/ca.crt"),
    ("40[13] (Unauthorized|Forbidden)|authentication|authorization|credentials|denied",
     "{registry} wants a login, or has no such image",
     "`docker login {registry}` as the user that runs kolla"),
    ("not found|manifest unknown|name unknown", "{registry} has no such image",
     "correct its name, its tag and its digest"),
    ("dial |lookup |timeout|deadline|unreachable|refused|reset|EOF",
     "{registry} cannot be reached", "is its address right, and does it run?"),
)


def explained(reference: str, said: str) -> KollaError:
    """The error for an operator, from what the engine said."""
    host = registry(reference)
    for pattern, cause, remedy in _CAUSES:
        if re.search(pattern, said):
            return KollaError(
                f"{reference} cannot be pulled: {cause.format(registry=host)} ({said})",
                remedy.format(registry=host),
            )
    return KollaError(f"{reference} cannot be pulled: {said}")
