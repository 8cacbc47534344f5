"""The settings of this site: mirror, package index, proxy, certificates.

A build gets them as BuildKit secrets, which enter no layer, no history and no cache key.
"""

import contextlib
import dataclasses
import os
import pathlib
import tempfile
import urllib.parse
from collections.abc import Iterator

from kolla.catalog.naming import SUITE, SUITES
from kolla.errors import KollaError, said
from kolla.settings import Settings

DEBIAN = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

#: Where a build finds a secret.
MOUNTED = "/run/secrets"


@dataclasses.dataclass(frozen=True)
class Site:
    """The settings of [images] that say how this host reaches packages."""

    debian_mirror: str = DEBIAN
    pip_index: str = ""
    proxy: str = ""
    ca_bundle: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "Site":
        fields = dataclasses.fields(cls)
        return cls(**{field.name: settings.value("images", field.name) or "" for field in fields})

    def secrets(self) -> dict[str, str]:
        """The BuildKit secrets that this site needs: content by id, ``sources`` for each suite."""
        contents = {"apt": self.apt(f"{MOUNTED}/ca"), "pip": self._pip(), "ca": self._bundle()}
        if self._has_mirror:
            contents["apt"] += (
                f'Dir::Etc::SourceList "{MOUNTED}/sources";\nDir::Etc::SourceParts "/dev/null";\n'
            )
            contents |= {f"sources-{suite}": self.sources(suite) for suite in SUITES}
        return {name: content for name, content in contents.items() if content}

    def apt(self, ca_bundle: str) -> str:
        """An apt.conf with the proxy and the certificates, which are at ``ca_bundle``."""
        lines = []
        for scheme in ("http", "https") if self.proxy else ():
            lines.append(f'Acquire::{scheme}::Proxy "{self._proxy_url}";')
        if self.ca_bundle:
            # Only root can read the secret, and apt would fetch as another user.
            lines += [f'Acquire::https::CAInfo "{ca_bundle}";', 'APT::Sandbox::User "root";']
        return "".join(f"{line}\n" for line in lines)

    def sources(self, suite: str = SUITE) -> str:
        """Debian's sources on this site's mirror; the security archive lies beside it."""
        mirror = self.debian_mirror.rstrip("/")
        archives = {suite: mirror, f"{suite}-updates": mirror}
        archives[f"{suite}-security"] = f"{mirror}-security"
        return "".join(
            f"deb [signed-by={KEYRING}] {archive} {name} main\n"
            for name, archive in archives.items()
        )

    def mask(self, text: str) -> str:
        """The text with the user names and passwords of this site's addresses masked."""
        for address in (self.proxy, self.debian_mirror, self.pip_index):
            login, at, _ = urllib.parse.urlsplit(_with_scheme(address)).netloc.rpartition("@")
            if at:
                for secret in filter(None, (login, login.partition(":")[2])):
                    text = text.replace(secret, "***")
        return text

    @property
    def _has_mirror(self) -> bool:
        return self.debian_mirror.rstrip("/") != DEBIAN

    @property
    def _proxy_url(self) -> str:
        return _with_scheme(self.proxy)

    def _pip(self) -> str:
        lines = []
        if self.pip_index:
            lines.append(f"index-url = {self.pip_index}")
            index = urllib.parse.urlsplit(self.pip_index)
            if index.scheme == "http":
                lines.append(f"trusted-host = {index.hostname}")
        if self.ca_bundle:
            lines.append(f"cert = {MOUNTED}/ca")
        if self.proxy:
            lines.append(f"proxy = {self._proxy_url}")
        return "".join(f"{line}\n" for line in ["[global]", *lines]) if lines else ""

    def _bundle(self) -> str:
        if not self.ca_bundle:
            return ""
        try:
            return pathlib.Path(self.ca_bundle).read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise KollaError(
                f"the certificates that [images] ca_bundle names cannot be read: {said(error)}",
                "it must name a file in PEM format, such as /etc/ssl/certs/ca-certificates.crt",
            ) from None


def _with_scheme(address: str) -> str:
    return address if "://" in address or not address else f"http://{address}"


@contextlib.contextmanager
def private_files(contents: dict[str, str]) -> Iterator[dict[str, pathlib.Path]]:
    """Files by name, which only this user can read, while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="kolla-build-") as folder:
        paths = {name: pathlib.Path(folder, name) for name in contents}
        for name, path in paths.items():
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(contents[name])
        yield paths
