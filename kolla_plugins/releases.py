"""The releases of OpenStack: two a year, of which the first is a SLURP release.

Source: https://governance.openstack.org/tc/resolutions/20220210-release-cadence-adjustment.html
"""

from kolla.plugin import Releases

OPENSTACK = Releases(
    "OpenStack",
    order=("2023.1", "2023.2", "2024.1", "2024.2", "2025.1", "2025.2", "2026.1", "2026.2",
           "2027.1", "2027.2"),
    skip_level=("2023.1", "2024.1", "2025.1", "2026.1", "2027.1"),
    default="2026.1",
)
