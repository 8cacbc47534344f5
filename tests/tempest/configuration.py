"""What Tempest has to know of a cloud, and what it needs there."""

import pathlib

from tests.functional.support.cloud import Cloud
from tests.functional.support.guest import first

#: Seconds in which a virtual machine boots on a processor that is emulated.
BOOTS = "600"
#: Seconds in which one that is active answers a ping.
ANSWERS = "300"


def configuration(
    cloud: Cloud, guest: pathlib.Path, folder: pathlib.Path
) -> dict[str, dict[str, str]]:
    """By section and option. Makes images, flavors and the outside network.

    ``guest`` has the kernel and the ramdisk of the virtual machines, ``folder`` gets the logs.
    """
    login = cloud.login()
    with cloud.connect() as connection:
        first.await_hypervisor(connection.compute)
        outside = _networks(connection.network)
        extensions = ",".join(found.alias for found in connection.network.extensions())
        images, flavors = _images(connection, guest), _flavors(connection.compute)
    return {
        # Only then are the consoles of virtual machines in it that do not answer.
        "DEFAULT": {"debug": "true", "log_file": str(folder / "tempest.log")},
        "oslo_concurrency": {"lock_path": str(folder / "locks")},
        "auth": {
            "admin_username": login["username"], "admin_password": login["password"],
            "admin_project_name": login["project_name"], "admin_domain_name": "Default",
        },
        "identity": {"uri_v3": login["auth_url"], "auth_version": "v3", "region": "RegionOne"},
        "service_available": {"cinder": "false", "swift": "false", "horizon": "false"},
        # Tempest logs in to virtual machines at their floating addresses.
        "validation": {"ping_timeout": ANSWERS},
        "image": {"build_timeout": BOOTS},
        "network": {
            "public_network_id": outside, "floating_network_name": "outside",
            "build_timeout": BOOTS,
        },
        "network-feature-enabled": {
            "api_extensions": extensions, "port_security": "true",
            "ipv6_subnet_attributes": "true",
        },
        "compute": {
            "image_ref": images[0], "image_ref_alt": images[1],
            "flavor_ref": flavors[0], "flavor_ref_alt": flavors[1],
            "build_timeout": BOOTS, "max_microversion": "latest",
        },
        "compute-feature-enabled": {
            "resize": "true", "stable_rescue": "true", "vnc_console": "true",
            "hostname_fqdn_sanitization": "true",
            # There is one host.
            "cold_migration": "false", "live_migration": "false",
            # Not in machines of the type q35.
            "ide_bus": "false",
        },
        "enforce_scope": {"nova": "true"},
    }


def _networks(net) -> str:
    """Of the outside network, its ID. Users get networks by themselves (``--nic auto``)."""
    outside = first.outside(net)
    net.update_network(outside, is_default=True)
    net.create_subnet_pool(
        name="default", prefixes=["10.200.0.0/16"], default_prefix_length=26, is_shared=True,
        is_default=True,
    )
    return outside.id


def _images(connection, guest: pathlib.Path) -> list[str]:
    """The IDs of two that boot the same, for all users."""
    made = first.image(connection, guest)
    found = connection.image.get_image(made)
    other = first.upload(
        connection, "alternative", "raw", bytes(1 << 20), os_command_line=first.CMDLINE,
        kernel_id=found.kernel_id, ramdisk_id=found.ramdisk_id,
    )
    for image in connection.image.images():
        connection.image.update_image(image, visibility="public")
    return [made, other]


def _flavors(compute) -> list[str]:
    """The IDs of a small one and one of more memory and disk."""
    sizes = {"small": (first.MEMORY, 1), "larger": (first.MEMORY + 32, 2)}
    return [
        compute.create_flavor(name=name, ram=memory, vcpus=1, disk=disk).id
        for name, (memory, disk) in sizes.items()
    ]
