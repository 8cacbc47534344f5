"""Makes and renews the certificates of this host: ``kolla config certificates``.

Below ``[certificates] folder`` each container has a folder with its authority, which all hosts
share, and one certificate for each host. Users of the cloud trust ``ca.crt``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from kolla import x509
from kolla.errors import KollaError
from kolla.files import locked, write_whole
from kolla.plugin import Container
from kolla.settings.loader import Settings
from kolla.settings.option_values import split
from kolla.settings.passwords import make_folder

PUBLIC = 0o644


class Place(NamedTuple):
    """The paths of the files of one container."""

    folder: Path
    host: str

    @property
    def authority(self) -> tuple[Path, Path]:
        return self.folder / "authority.crt", self.folder / "authority.key"

    @property
    def own(self) -> tuple[Path, Path]:
        return self.folder / f"{self.host}.crt", self.folder / f"{self.host}.key"


class Due(NamedTuple):
    """A certificate to make, and the reason."""

    container: str
    path: Path
    reason: str


def due(settings: Settings, renew: bool = False) -> list[Due]:
    """The certificates that are missing, end soon or no longer fit; with ``renew`` all of them.

    KollaError if an existing file is no certificate.
    """
    found = []
    for container, place in _ours(settings):
        if not place.authority[0].exists():
            found.append(Due(container.name, place.authority[0], "it does not exist"))
        reason = "it is to be renewed" if renew else _flaw(settings, container, place)
        if reason:
            found.append(Due(container.name, place.own[0], reason))
    return found


def make(settings: Settings, renew: bool = False) -> list[Due]:
    """Make the certificates that are due, and return them.

    KollaError if the key of an authority is on another host.
    """
    root = Path(settings.value("certificates", "folder"))
    make_folder(root)
    with locked(root):
        found = due(settings, renew)
        for container, place in _ours(settings):
            if any(item.container == container.name for item in found):
                _make(settings, container, place)
        _bundle(settings, root)
    return found


def in_use(settings: Settings) -> Iterator[tuple[str, Path]]:
    """The containers of this host that speak TLS, and the files of their certificates."""
    for container in settings.enabled():
        if container.certificate and settings.value(*split(container.certificate.when)):
            yield container.name, Path(settings.value(container.certificate.group, "certificate"))


def days_left(path: Path) -> int:
    """The time left until a certificate ends. KollaError if it cannot be read."""
    return x509.days_left(x509.load_certificate(path))


def _ours(settings: Settings) -> Iterator[tuple[Container, Place]]:
    """Containers of this host whose certificate is not the operator's own."""
    root, host = Path(settings.value("certificates", "folder")), settings.value("host", "name")
    for container in settings.enabled():
        if container.certificate:
            place = Place(root / container.name, host)
            if settings.value(container.certificate.group, "certificate") == str(place.own[0]):
                yield container, place


def _flaw(settings: Settings, container: Container, place: Place) -> str:
    """Why the certificate of a host has to be replaced; empty if it does not."""
    if not (place.own[0].exists() and place.own[1].exists() and place.authority[0].exists()):
        return "it does not exist"
    try:
        own = x509.load(*place.own).certificate
    except KollaError as error:
        return error.message
    left = x509.days_left(own)
    if left < settings.value("certificates", "renew_days"):
        return f"it ends in {left} days" if left >= 0 else "it has ended"
    missing = set(names(settings, container)) - x509.names(own)
    if missing:
        return f"it is not for {', '.join(sorted(missing))}"
    authority = x509.load_certificate(place.authority[0])
    return "" if x509.is_signed_by(own, authority) else "it is of another authority"


def names(settings: Settings, container: Container) -> list[str]:
    """The host names and addresses under which clients reach a container."""
    declared = container.certificate.names if container.certificate else ()
    texts = [settings.render(text) for text in declared]
    hosts = [urlsplit(text).hostname if "://" in text else text for text in texts]
    return list(dict.fromkeys(filter(None, hosts)))


def _make(settings: Settings, container: Container, place: Place) -> None:
    days = settings.value("certificates", "days")
    renewed = settings.value("certificates", "renew_days")
    if days <= renewed:
        raise KollaError(
            f"[certificates] days, {days}, is not more than renew_days, {renewed}: each run would "
            "renew the certificates",
            "make days larger or renew_days smaller",
        )
    if not place.authority[0].exists():
        authority = x509.new_authority(f"kolla {container.name}")
        _write(place.authority, authority)
    elif not place.authority[1].exists():
        raise KollaError(
            f"{place.authority[1]}, the key that signs certificates of {container.name}, is not "
            "on this host",
            f"copy {place.folder} from the host where it was made",
        )
    else:
        authority = x509.load(*place.authority)
    left = x509.days_left(authority.certificate)
    if left < renewed:
        raise KollaError(
            f"the authority {place.authority[0]} ends in {left} days",
            "remove its two files, make certificates on all hosts and upgrade all containers",
        )
    made = x509.new_certificate(
        authority, f"{container.name}.{place.host}", names(settings, container), min(days, left)
    )
    _write(place.own, made)


def _write(paths: tuple[Path, Path], made: x509.Signed) -> None:
    certificate, key = paths
    write_whole(key, made.key_pem())
    write_whole(certificate, made.certificate_pem(), PUBLIC)


def _bundle(settings: Settings, root: Path) -> None:
    """Write the file of authorities that users of the cloud have to trust."""
    authorities = [
        place.authority[0].read_bytes() for container, place in _ours(settings)
        if container.certificate and container.certificate.public
    ]
    content, path = b"".join(authorities), root / "ca.crt"
    if authorities and not (path.exists() and path.read_bytes() == content):
        write_whole(path, content, PUBLIC)
