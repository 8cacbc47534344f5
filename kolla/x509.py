"""Certificates, their keys, and the authorities that sign them."""

import dataclasses
import datetime
import ipaddress
import pathlib
from typing import get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kolla.errors import KollaError

#: An authority outlives all certificates that it signs.
AUTHORITY_DAYS = 3650
#: Clocks of hosts differ.
BACKDATED = datetime.timedelta(hours=1)


@dataclasses.dataclass(frozen=True)
class Signed:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def new_authority(name: str) -> Signed:
    """An authority that vouches for one kind of server."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _signed(name, key, None, AUTHORITY_DAYS, [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(key_cert_sign=True, crl_sign=True), True),
    ])


def new_identity(name: str) -> Signed:
    """One that is its own authority: it may sign others, and be shown to who trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _signed(name, key, None, AUTHORITY_DAYS, [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(key_cert_sign=True, crl_sign=True, digital_signature=True), True),
    ])


def new_certificate(authority: Signed, name: str, names: list[str], days: int) -> Signed:
    """A server's certificate for host names and IP addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _signed(name, key, authority, days, [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(digital_signature=True), True),
        # Some servers are clients of each other.
        (x509.ExtendedKeyUsage([
            ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH,
        ]), False),
        (x509.SubjectAlternativeName([_general_name(text) for text in names]), False),
    ])


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, authority: Signed | None, days: int,
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> Signed:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    signer = authority.key if authority else key
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    hashed = isinstance(signer, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey)
    return Signed(builder.sign(signer, hashes.SHA256() if hashed else None), key)


def _usage(**granted: bool) -> x509.KeyUsage:
    kinds = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )
    return x509.KeyUsage(**{kind: granted.get(kind, False) for kind in kinds})


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def load(certificate: pathlib.Path, key: pathlib.Path) -> Signed:
    """A certificate and its key from their files. KollaError if they are none, or no pair."""
    found = load_certificate(certificate)
    try:
        secret = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except OSError as error:
        raise KollaError(f"{key} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise KollaError(f"{key} is not a key in PEM without a password") from None
    if not isinstance(secret, get_args(CertificateIssuerPrivateKeyTypes)):
        raise KollaError(f"{key} is not a key that signs")
    if found.public_key() != secret.public_key():
        raise KollaError(f"{key} is not the key to {certificate}")
    return Signed(found, secret)


def load_certificate(path: pathlib.Path) -> x509.Certificate:
    """The first certificate of a file. KollaError if there is none."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise KollaError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise KollaError(f"{path} is not a certificate in PEM") from None


def days_left(certificate: x509.Certificate) -> int:
    """Whole days until it ends, negative if it has ended."""
    return (certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)).days


def names(certificate: x509.Certificate) -> set[str]:
    """The host names and IP addresses that it is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {
        *found.get_values_for_type(x509.DNSName),
        *map(str, found.get_values_for_type(x509.IPAddress)),
    }


def is_signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # whatever is wrong with its signature
        return False
    return True
