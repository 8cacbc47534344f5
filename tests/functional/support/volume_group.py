"""A volume group (LVM) on a file, written by the programs of an image.

It is only written and read: the kernel need not be able to show logical volumes as disks.
"""

import contextlib
import pathlib
import re
import secrets
from collections.abc import Iterator

from tests.functional.support.engine import Engine
from tests.functional.support.harness import run

#: Bytes.
SIZE = 32 << 20
METADATA = """\
contents = "Text Format Volume Group"
version = 1
{name} {{
    id = "{id}"
    seqno = 1
    format = "lvm2"
    status = ["RESIZEABLE", "READ", "WRITE"]
    extent_size = 8192
    max_lv = 0
    max_pv = 0
    physical_volumes {{
        pv0 {{
            id = "{id}"
            status = ["ALLOCATABLE"]
            pe_start = 2048
            pe_count = 7
        }}
    }}
    logical_volumes {{
        {volume} {{
            id = "{id}"
            status = ["READ", "WRITE", "VISIBLE"]
            segment_count = 1
            segment1 {{
                start_extent = 0
                extent_count = 7
                type = "striped"
                stripe_count = 1
                stripes = ["pv0", 0]
            }}
        }}
    }}
}}
"""


@contextlib.contextmanager
def volume_group(engine: Engine, image: str, folder: pathlib.Path, volume: str) -> Iterator[str]:
    """The name of a volume group, while the block runs. A logical volume of that name fills it."""
    number = secrets.token_hex(16)
    name, id = f"kolla-{number[:8]}", "-".join(re.findall("^.{6}|.{4}(?=.{6})|.{6}$", number))
    disk, metadata = folder / "disk", folder / "metadata"
    disk.write_bytes(bytes(SIZE))
    metadata.write_text(METADATA.format(name=name, id=id, volume=volume))
    device = run("losetup", "--find", "--show", str(disk)).strip()
    try:
        lvm(engine, image, folder, f"pvcreate --uuid {id} --norestorefile {device}"
            f" && vgcfgrestore --file {metadata} {name}")
        yield name
    finally:
        run("losetup", "--detach", device)


def lvm(engine: Engine, image: str, folder: pathlib.Path, command: str) -> None:
    run("docker", "-H", engine.url, "run", "--rm", "--network=none", "--user=0", "--ipc=host",
        "--cap-add=SYS_ADMIN", "--device-cgroup-rule=b *:* rwm", "--volume=/dev:/dev",
        "--volume=/run/lock:/run/lock", f"--volume={folder}:{folder}:ro", "--entrypoint=bash",
        image, "-c", command)
