"""The certificate of a container, with the options and files that belong to it."""

import dataclasses

from oslo_config import cfg

from kolla.plugin.declarations.storage import File
from kolla.plugin.template import Template


@dataclasses.dataclass(frozen=True)
class Certificate:
    """What a container proves its identity with to clients that trust its authority.

    ``kolla config certificates`` makes it and its key. Each container has an authority of its
    own: one that takes the address of another cannot pass for it.
    """

    #: The group of the options that :func:`certificate_options` gives.
    group: str
    #: ``group.option`` of the boolean option that turns TLS on.
    when: str
    #: Addresses, names, or URLs under which clients reach the container.
    names: tuple[Template, ...]
    #: Users of the cloud are among the clients.
    public: bool = False


def certificate_options(container: str) -> tuple[cfg.Opt, ...]:
    """Options of the group of a :class:`Certificate`, which name its files on the host."""
    folder = "${certificates.folder}/" + container
    return (
        cfg.StrOpt(
            "certificate", default=f"{folder}/${{host.name}}.crt",
            help="Its certificate (PEM), with those of intermediate authorities after it.",
        ),
        cfg.StrOpt("key", default=f"{folder}/${{host.name}}.key", help="The key to that (PEM)."),
        cfg.StrOpt(
            "authority", default=f"{folder}/authority.crt",
            help="The authorities that its clients trust (PEM).",
        ),
    )


def certificate_files(group: str, when: str) -> tuple[File, ...]:
    """The files of a server: ``/etc/kolla/tls/server.crt`` and ``server.crt.key``."""
    return (
        File("/etc/kolla/tls/server.crt", option=f"{group}.certificate", secret=True, when=when),
        File("/etc/kolla/tls/server.crt.key", option=f"{group}.key", secret=True, when=when),
    )


def authority_file(group: str, when: str) -> File:
    """The file of a client of that server: ``/etc/kolla/tls/<group>.crt``."""
    path = f"/etc/kolla/tls/{group}.crt"
    return File(path, option=f"{group}.authority", secret=True, when=when)
