"""Runs Tempest against a cloud of all services, which is set up on a machine of its own.

    python -m tests.tempest [--output FOLDER] [REGEX]

Run it as root. Tempest itself comes from PyPI into an environment of its own. ``excluded.txt``
lists the tests that cannot pass in such a cloud, each with the reason. The folder gets what
Tempest has logged.
"""

import argparse
import configparser
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

from tests.functional.support.cloud import Cloud
from tests.functional.support.engine import CACHE, Engine
from tests.functional.support.guest import FOLDER as GUEST
from tests.functional.support.guest import first
from tests.functional.support.images import COMPUTE, OPTIONAL, Builder
from tests.functional.support.server import whole

TEMPEST = "tempest==47.0.0"
ADDRESS = "127.0.79.1"
TESTS = (
    r"^tempest\.(api\.(identity|image|network|compute)\."
    r"|scenario\.test_(server_basic_ops|server_multinode|network_basic_ops|snapshot_pattern))"
)
EXCLUDED = pathlib.Path(__file__).with_name("excluded.txt")
#: Seconds in which a virtual machine boots on a processor that is emulated.
BOOTS = "600"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.tempest", description=__doc__.partition("\n")[0],
    )
    parser.add_argument("tests", nargs="?", default=TESTS, metavar="REGEX", help="which tests")
    parser.add_argument("--output", type=pathlib.Path, metavar="FOLDER", help="for its logs")
    arguments = parser.parse_args()
    folder = arguments.output or pathlib.Path(tempfile.mkdtemp(prefix="kolla-tempest-"))
    program = install(CACHE / "tempest")
    engine = Engine()
    engine.start()
    try:
        with tempfile.TemporaryDirectory() as home:
            builder = Builder(engine, pathlib.Path(home) / "builder")
            builder.build()
            builder.only(*OPTIONAL, *COMPUTE)
            with whole(engine, pathlib.Path(home), ADDRESS) as cloud:
                cloud.deployment.kolla("set", "start", timeout=1800)
                return run(program, folder, settings(cloud, folder), arguments.tests)
    finally:
        engine.stop()


def install(folder: pathlib.Path) -> pathlib.Path:
    """The program, in an environment of its own."""
    if not (folder / "bin" / "tempest").exists():
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", TEMPEST], check=True)
    return folder / "bin" / "tempest"


def settings(cloud: Cloud, folder: pathlib.Path) -> dict[str, dict[str, str]]:
    """What Tempest has to know of the cloud; makes images, flavors and the outside network."""
    login = cloud.login()
    with cloud.connect() as connection:
        first.await_hypervisor(connection.compute)
        outside = first.outside(connection.network).id
        extensions = ",".join(found.alias for found in connection.network.extensions())
        images = [first.image(connection, GUEST)]
        found = connection.image.get_image(images[0])
        images.append(first.upload(
            connection, "alternative", "raw", bytes(1 << 20), os_command_line=first.CMDLINE,
            kernel_id=found.kernel_id, ramdisk_id=found.ramdisk_id,
        ))
        for image in connection.image.images():
            connection.image.update_image(image, visibility="public")
        flavors = [
            connection.compute.create_flavor(
                name=name, ram=first.MEMORY + more, vcpus=1, disk=1 + bool(more),
            ).id
            for name, more in (("small", 0), ("larger", 32))
        ]
    return {
        "DEFAULT": {"log_file": str(folder / "tempest.log")},
        "oslo_concurrency": {"lock_path": str(folder / "locks")},
        "auth": {
            "admin_username": login["username"], "admin_password": login["password"],
            "admin_project_name": login["project_name"], "admin_domain_name": "Default",
        },
        "identity": {"uri_v3": login["auth_url"], "auth_version": "v3", "region": "RegionOne"},
        "service_available": {"cinder": "false", "swift": "false", "horizon": "false"},
        "validation": {"run_validation": "false"},
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
            "build_timeout": BOOTS, "build_interval": "1", "ready_wait": "0",
            "min_compute_nodes": "1", "max_microversion": "latest",
        },
        "compute-feature-enabled": {
            "resize": "true", "cold_migration": "false", "live_migration": "false",
            "vnc_console": "true", "vnc_server_header": "WebSockify",
            "attach_encrypted_volume": "false", "can_migrate_between_any_hosts": "false",
        },
    }


def run(
    program: pathlib.Path, folder: pathlib.Path, found: dict[str, dict[str, str]], tests: str
) -> int:
    """Its exit code. What it knows of the cloud, passwords too, is gone when it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(found)
    with tempfile.TemporaryDirectory() as home:
        workspace = pathlib.Path(home) / "workspace"
        environment = {**os.environ, "HOME": home}
        subprocess.run([program, "init", workspace], check=True, env=environment)
        path = workspace / "etc" / "tempest.conf"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            parser.write(file)
        return subprocess.run(
            [program, "run", "--regex", tests, "--exclude-list", EXCLUDED, "--concurrency", "1"],
            cwd=workspace, env=environment,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
