"""A virtual machine that writes to its second disk all the time, and says so on its console."""

import hashlib
import pathlib
import re

from tests.functional.support import ramdisk

#: Bytes of what is written at a time.
BLOCK = 512
#: What its first process does besides: it writes block after block, each with its number, which is
#: on the console once it is on the disk.
WRITES = f"""\
disk() {{
    until [ -b /dev/vdb ]; do usleep 100000; done
    number=0
    while printf '%-{BLOCK}d' "$number" \\
        | dd of=/dev/vdb bs={BLOCK} seek="$number" conv=fsync,notrunc 2> /dev/null
    do
        number=$((number + 1))
        echo "disk $number"
        usleep 100000
    done
    echo "disk failed"
}}
disk &
"""


def image(guest: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The folder with the kernel and the ramdisk of such a machine, made of another one's."""
    return ramdisk.image(guest, folder, WRITES)


def checksum(blocks: int) -> str:
    """The hash of so many blocks, as it writes them."""
    content = b"".join(b"%-*d" % (BLOCK, number) for number in range(blocks))
    return hashlib.sha256(content).hexdigest()


def written(console: pathlib.Path) -> int:
    """How many blocks it says it has written."""
    numbers = re.findall(rb"disk (\d+)\r?\n", console.read_bytes())
    return int(numbers[-1]) if numbers else 0
