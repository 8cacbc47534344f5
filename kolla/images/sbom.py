"""Software bills of materials: the packages in an image, as CycloneDX JSON.

A bill has neither a time nor an author, so that the same packages give the same bytes.
Format: https://cyclonedx.org/docs/1.6/json/; names of packages: https://github.com/package-url.
"""

import email.parser
import json
import urllib.parse
from collections.abc import Iterator

from kolla.catalog.naming import reference
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.images import graph

#: Where an image carries its bill.
FILE = "/usr/share/kolla/sbom.json"
#: The database of dpkg.
DEBIAN_PACKAGES = "/var/lib/dpkg/status"
#: The Python packages of kolla-venv, as ``pip list --format json`` prints them.
PYTHON_PACKAGES = "/opt/kolla/packages.json"


def of_image(deployment: Deployment, name: str, release: str | None) -> str:
    """The bill that the build put into an image.

    Raises :class:`UsageError` for an unknown image, :class:`KollaError` for an image that is
    not built or has no bill.
    """
    settings = deployment.settings
    image = graph.with_bases(deployment.installed.images, [name])[-1]
    tagged = reference(
        image, release or settings.value("DEFAULT", "release"),
        settings.value("images", "namespace"),
    )
    if deployment.backend.image(tagged) is None:
        raise KollaError(f"there is no image {tagged}", f"`kolla image build {name}` makes it")
    content = deployment.backend.read_file(tagged, FILE)
    if content is None:
        raise KollaError(
            f"{tagged} has no bill of materials: it was not built by this kolla",
            f"`kolla image build {name} --no-cache` builds it again",
        )
    return content.decode()


def document(image: str, version: str, debian: bytes, python: bytes) -> str:
    """The bill of an image, from the two files; a file that it lacks is empty."""
    components = [*_debian(debian.decode(errors="replace")), *_python(json.loads(python or "[]"))]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container", "bom-ref": image, "name": image, "version": version,
            },
        },
        "components": components,
    }
    return json.dumps(bill, indent=1) + "\n"


def _debian(status: str) -> Iterator[dict]:
    for paragraph in status.split("\n\n"):
        fields = email.parser.HeaderParser().parsestr(paragraph)
        if fields.get("Status", "").endswith(" installed"):
            name, version = fields["Package"], fields["Version"]
            architecture = {"arch": fields["Architecture"]}
            # Security notices name the source package.
            source = {"upstream": fields["Source"].split()[0]} if fields["Source"] else {}
            yield _component(f"deb/debian/{name}", name, version, architecture | source)


def _python(packages: list[dict]) -> Iterator[dict]:
    for package in packages:
        name, version = package["name"], package["version"]
        yield _component(f"pypi/{name.lower().replace('_', '-')}", name, version, {})


def _component(path: str, name: str, version: str, qualifiers: dict[str, str]) -> dict:
    query = f"?{urllib.parse.urlencode(qualifiers)}" if qualifiers else ""
    purl = f"pkg:{path}@{urllib.parse.quote(version, safe=':')}{query}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
