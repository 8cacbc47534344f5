"""A bill of materials names what is in the image, in a form that scanners read."""

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from kolla.images import sbom

DEBIAN = b"""\
Package: libssl3t64
Status: install ok installed
Architecture: amd64
Source: openssl (3.5.1-1)
Version: 3.5.1-1+deb13u1
Description: libraries
 with a text of several lines

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: base-files
Status: install ok installed
Architecture: amd64
Version: 1:13.8
"""
PYTHON = b'[{"name": "oslo_config", "version": "10.3.0"}]'


@pytest.fixture
def components():
    bill = json.loads(sbom.document("keystone", "29.1.0", DEBIAN, PYTHON))
    return {each["name"]: each for each in bill["components"]}


def test_every_installed_package_is_named_with_its_version(components):
    assert {name: each["version"] for name, each in components.items()} == {
        "libssl3t64": "3.5.1-1+deb13u1", "base-files": "1:13.8", "oslo_config": "10.3.0",
    }


def test_packages_have_the_names_by_which_advisories_know_them(components):
    assert components["libssl3t64"]["purl"] == (
        "pkg:deb/debian/libssl3t64@3.5.1-1%2Bdeb13u1?arch=amd64&upstream=openssl"
    )
    assert components["oslo_config"]["purl"] == "pkg:pypi/oslo-config@10.3.0"


@pytest.mark.parametrize("python", [PYTHON, b""])
def test_it_is_cyclonedx(python):
    text = sbom.document("keystone", "29.1.0", DEBIAN, python)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_same_packages_give_the_same_bytes():
    assert sbom.document("a", "1", DEBIAN, PYTHON) == sbom.document("a", "1", DEBIAN, PYTHON)
