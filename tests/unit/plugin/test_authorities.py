"""Who proves to whom who it is: what calls many services trusts all of them, and only what serves
has the key of a certificate.
"""

import re

import pytest

from kolla.catalog.catalog import Catalog
from kolla_plugins.heat import HEAT_API, HEAT_API_CFN, HEAT_ENGINE
from kolla_plugins.horizon import HORIZON

#: Distributions that speak to a service, and the group of its options.
CLIENTS = {
    "aodhclient": "aodh", "python-cinderclient": "cinder", "python-glanceclient": "glance",
    "python-heatclient": "heat", "python-neutronclient": "neutron", "python-novaclient": "nova",
    "python-octaviaclient": "octavia", "python-swiftclient": "swift",
}


@pytest.mark.parametrize(
    "container", (HEAT_API, HEAT_API_CFN, HEAT_ENGINE, HORIZON),
    ids=lambda container: container.name,
)
def test_it_trusts_each_service_that_its_image_has_a_client_for(container):
    trusted = {file.path for file in container.files}
    for pins in container.image.folder.glob("pins/*.txt"):
        installed = set(re.findall(r"^([\w-]+)==", pins.read_text(), re.MULTILINE))
        wanted = {f"/etc/kolla/tls/{CLIENTS[name]}.crt" for name in installed & set(CLIENTS)}
        assert wanted and wanted <= trusted, pins


@pytest.mark.parametrize(
    "container", Catalog.load().containers.values(), ids=lambda container: container.name,
)
def test_only_what_serves_has_the_key_of_a_certificate(container):
    keys = [file.path for file in container.files if file.path.endswith("server.crt.key")]
    assert not keys or container.certificate
