"""The forms that secrets have: what a value has to look like, and how one is made up."""

import base64
import binascii
import re
import secrets

from oslo_config import cfg, types

from kolla.plugin import numbered

#: What a form is called, by its name; ``N`` stands for a number of bytes.
FORMS = {
    "password": "password",
    "hex": "secret of {0} bytes in hexadecimal digits",
    "base64": "secret of {0} bytes in Base64",
    "fernet": "Fernet key",
    "keys": "list of numbered Fernet keys, NUMBER:KEY,NUMBER:KEY",
    "uuid": "UUID",
    "ssh": "private key of OpenSSH",
    "certificate": "private key with the certificate that it has signed itself (PEM)",
    "none": "secret",
}
_SIZED = ("hex", "base64")
#: Random bytes in a password that kolla makes up.
PASSWORD_BYTES = 20
#: Bytes of a Fernet key.
FERNET_BYTES = 32


class SecretType(types.String):
    """The type of a secret in one of the forms that :func:`kolla.plugin.secret` names.

    Raises ValueError for any other form.
    """

    def __init__(self, form: str = "password"):
        kind, _, size = form.partition(":")
        right_size = re.fullmatch("[1-9][0-9]*" if kind in _SIZED else "", size)
        if kind not in FORMS or not right_size:
            known = ", ".join(name + ":N" * (name in _SIZED) for name in FORMS)
            raise ValueError(f"secrets have no form {form!r}; the forms are {known}")
        super().__init__(type_name=FORMS[kind].format(size))
        self.form, self._kind, self._size = form, kind, int(size or 0)

    def __call__(self, value: str) -> str:
        text = super().__call__(value)
        if text and not self._fits(text):
            raise ValueError(f"should be a {self.type_name}")
        return text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretType) and other.form == self.form

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"SecretType({self.form!r})"

    @property
    def is_keys(self) -> bool:
        """Whether it is a list of numbered keys."""
        return self._kind == "keys"

    @property
    def can_be_made(self) -> bool:
        """Whether kolla can make one up; else an operator has to bring it."""
        return self._kind != "none"

    def make(self) -> str:
        """A new secret, if it can be made."""
        match self._kind:
            case "password":
                return secrets.token_hex(PASSWORD_BYTES)
            case "hex":
                return secrets.token_hex(self._size)
            case "base64":
                return base64.b64encode(secrets.token_bytes(self._size)).decode()
            case "fernet":
                return new_fernet_key()
            case "keys":
                return numbered.joined({1: new_fernet_key()})
            case "uuid":
                import uuid  # its import alone takes milliseconds

                return str(uuid.uuid4())
            case "ssh":
                return _new_ssh_key()
            case "certificate":
                return _new_certificate()
        raise ValueError("nobody but an operator has such a secret")

    def _fits(self, text: str) -> bool:
        try:
            match self._kind:
                case "hex":
                    return len(bytes.fromhex(text)) == self._size and len(text) == 2 * self._size
                case "base64":
                    return len(base64.b64decode(text, validate=True)) == self._size
                case "fernet":
                    return is_fernet_key(text)
                case "keys":
                    return all(map(is_fernet_key, numbered.parsed(text).values()))
                case "uuid":
                    import uuid

                    return str(uuid.UUID(text)) == text.lower()
                case "ssh" | "certificate":
                    return bool(public_half(text))
        except (ValueError, binascii.Error):
            return False
        return True


def secret(name: str, help: str, form: str = "password") -> cfg.Opt:
    """An option for a secret; ``kolla config passwords`` fills it in.

    ``form``: ``password`` (any text), ``hex:N`` or ``base64:N`` (of N bytes), ``fernet``,
    ``keys`` (of a :class:`Keyring`), ``uuid``, ``ssh`` (a private key), ``certificate`` (a private
    key and, after it, a certificate that it has signed itself and that can sign others; PEM) or
    ``none`` (any text, which nobody but an operator has). ``${public:group.option}`` is the public
    half of an ``ssh`` key, and the certificate of a ``certificate``. Raises ValueError for any
    other form.
    """
    return cfg.Opt(name, type=SecretType(form), secret=True, help=help)


def new_fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(FERNET_BYTES)).decode()


def is_fernet_key(text: str) -> bool:
    """Raises ValueError if it is not even Base64."""
    return len(base64.b64decode(text, altchars=b"-_", validate=True)) == FERNET_BYTES


def _new_ssh_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode().strip()


def _new_certificate() -> str:
    from kolla import x509

    made = x509.new_identity("kolla")
    return (made.key_pem() + made.certificate_pem()).decode().strip()


def public_half(private: str) -> str:
    """What others may know of a secret of the form ``ssh`` or ``certificate``. ValueError."""
    kind = _certificate if "-----BEGIN CERTIFICATE-----" in private else _public_key
    return kind(private)


def _certificate(private: str) -> str:
    """The certificate (PEM) after its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_pem_private_key(private.encode(), password=None)
        found = x509.load_pem_x509_certificate(private.encode())
    except Exception as error:  # of many kinds, some of which quote the key
        raise ValueError("it is no private key with its certificate in PEM") from error
    if found.public_key() != key.public_key():
        raise ValueError("the certificate is that of another key")
    return found.public_bytes(serialization.Encoding.PEM).decode().strip()


def _public_key(private: str) -> str:
    """The line for ``authorized_keys`` of a private key of OpenSSH. Raises ValueError."""
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_ssh_private_key(f"{private}\n".encode(), password=None)
    except Exception as error:  # of many kinds, some of which quote the key
        raise ValueError("it is no private key of OpenSSH without a passphrase") from error
    return key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ).decode()
