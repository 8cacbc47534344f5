"""The root image: plain Debian, made with mmdebstrap or taken from a registry."""

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kolla.catalog.naming import ROOT, SUITE, SUITES
from kolla.errors import KollaError
from kolla.images import inputs, labels
from kolla.images.client import Client
from kolla.images.run import Job
from kolla.images.site import DEBIAN, KEYRING, Site, private_files
from kolla.plugin.reports import ImageFacts
from kolla.settings import Settings
from kolla.times import now

#: Added to Debian's minimum, so that the first layer can use an https mirror.
PACKAGES = "ca-certificates"

#: What Debian's minimum is made of; mmdebstrap chooses the same.
MINIMUM = ('"?essential"', '"?priority(required)"', PACKAGES)

#: The file with the time when the root image was made. It is an input of every image: after a
#: refresh of the root, all images fetch their packages again.
STAMP = "/usr/share/kolla/refreshed"


def sources(suite: str) -> str:
    """Debian's own sources, which stay in the image."""
    return f"""\
Types: deb
URIs: {DEBIAN}
Suites: {suite} {suite}-updates
Components: main
Signed-By: {KEYRING}

Types: deb
URIs: {DEBIAN}-security
Suites: {suite}-security
Components: main
Signed-By: {KEYRING}
"""


def epoch(suite: str) -> str:
    """No file is newer than the first release of the suite.

    Images with the same packages are the same, byte for byte, except for the stamp.
    """
    return str(SUITES[suite])


def base_images(settings: Settings) -> dict[str, str]:
    """By suite: the image of a registry that its root is; of others it is made."""
    usual = settings.value("images", "base_image")
    return settings.value("images", "base_images") | ({SUITE: usual} if usual else {})


def digest(suite: str, base_image: str) -> str:
    """The digest of the inputs of a root image."""
    if base_image:
        return inputs.of("pulled", base_image, STAMP)
    return inputs.of(PACKAGES, epoch(suite), sources(suite), STAMP)


def is_current(facts: ImageFacts, suite: str, base_image: str) -> bool:
    """Whether a root image is up to date; one without labels is the operator's own."""
    wanted = digest(suite, base_image)
    return facts.labels.get(inputs.LABEL, wanted) == wanted


def make(
    client: Client, site: Site, suite: str, base_image: str, target: str, refresh: bool, job: Job
) -> None:
    """Make the root image of a suite under this name; ``refresh`` asks the registry again.

    Raises :class:`KollaError` if that fails.
    """
    refreshed = now()
    told = labels.complete(
        ROOT, suite, suite, base_image or "mmdebstrap", digest(suite, base_image), refreshed
    )
    if base_image:
        options = [*labels.options(told), f"--tag={target}", *(["--pull"] if refresh else [])]
        _pull(client, base_image, options, refreshed, job)
        return
    with tempfile.TemporaryDirectory(prefix="kolla-build-") as folder:
        archive = Path(folder, "debian.tar")
        bootstrap(site, suite, archive, refreshed, job)
        client.load(archive, told, target, job)


def _pull(
    client: Client, base_image: str, options: list[str], refreshed: str, job: Job
) -> None:
    folder = STAMP.rpartition("/")[0]
    dockerfile = f"FROM {base_image}\nRUN mkdir -p {folder} && echo {refreshed} > {STAMP}\n"
    try:
        client.build([*options, "-"], job, "none", dockerfile)
    except KollaError as error:
        raise KollaError(
            f"{base_image} cannot be pulled: {error.message}",
            "[images] base_image or base_images names it; otherwise it is made with mmdebstrap",
        ) from None


def bootstrap(
    site: Site, suite: str, archive: Path, refreshed: str, job: Job
) -> None:
    """Write a tar archive of a minimal Debian with nothing of this site in it.

    Raises :class:`KollaError` if it fails or a program is not installed.
    """
    _require_tools()
    files = {
        "apt.conf": site.apt(os.path.abspath(site.ca_bundle)),
        "sources.list": site.sources(suite),
        "debian.sources": sources(suite),
        "refreshed": f"{refreshed}\n",
    }
    with private_files(files) as paths:
        try:
            job.run(_fetching(paths, suite, archive.parent), {})
            # The scripts of packages run as root of this host: they reach no network.
            job.run(
                ["unshare", "--net", *_installing(paths, suite, archive)],
                {"SOURCE_DATE_EPOCH": epoch(suite)},
            )
        except KollaError as error:
            log = job.path.read_text()
            first = next((line for line in log.splitlines() if line.startswith("E: ")), "")
            raise KollaError(first or error.message, _advice(suite, log)) from None


def _fetching(paths: Mapping[str, Path], suite: str, folder: Path) -> list[str]:
    """Puts Debian's lists and packages into a folder, and neither unpacks nor runs any."""
    apt = 'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get'
    return [
        "mmdebstrap", "--variant=custom", "--format=null", "--skip=update",
        f"--aptopt={paths['apt.conf']}",
        f"--setup-hook={apt} update --error-on=any"
        f" && {apt} --yes --download-only install {' '.join(MINIMUM)}",
        '--setup-hook=mv "$1"/var/lib/apt/lists "$1"/var/cache/apt/archives '
        + shlex.quote(str(folder)),
        suite, "-", str(paths["sources.list"]),
    ]


def _installing(paths: Mapping[str, Path], suite: str, archive: Path) -> list[str]:
    """Makes the root image of what lies beside the archive."""
    folder = shlex.quote(str(archive.parent))
    return [
        "mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "--format=tar",
        "--skip=update", f"--aptopt={paths['apt.conf']}",
        '--setup-hook=rm -rf "$1"/var/lib/apt/lists "$1"/var/cache/apt/archives',
        f'--setup-hook=mv {folder}/lists "$1"/var/lib/apt/',
        f'--setup-hook=mv {folder}/archives "$1"/var/cache/apt/',
        # The addresses of this site must not get into the image.
        '--customize-hook=rm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap'
        ' "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*',
        f"--customize-hook=upload {shlex.quote(str(paths['debian.sources']))}"
        " /etc/apt/sources.list.d/debian.sources",
        '--customize-hook=mkdir -p "$1"/usr/share/kolla',
        f"--customize-hook=upload {shlex.quote(str(paths['refreshed']))} {STAMP}",
        f'--customize-hook=chmod 0644 "$1"{STAMP}',
        suite, str(archive), str(paths["sources.list"]),
    ]


def _advice(suite: str, log: str) -> str:
    if "NO_PUBKEY" in log or "signatures couldn't be verified" in log:
        return f"{KEYRING} does not know {suite}: apt-get install debian-archive-keyring"
    if "Failed to fetch" in log or "Could not resolve" in log or "Could not connect" in log:
        return (
            "Debian's archive cannot be reached: see [images] debian_mirror, proxy and ca_bundle, "
            "or name an image in [images] base_image"
        )
    if "unshare failed" in log:
        return (
            "Debian's packages are installed in a network of their own, which kolla may not make "
            "here: name an image in [images] base_image"
        )
    return ""


def _require_tools() -> None:
    if shutil.which("mmdebstrap") is None:
        raise KollaError(
            "mmdebstrap, which makes the root image, is not installed",
            "apt-get install mmdebstrap, or name an image in [images] base_image",
        )
    if not os.path.exists(KEYRING):
        raise KollaError(
            "the keys of Debian's archive are not installed",
            "apt-get install debian-archive-keyring",
        )
