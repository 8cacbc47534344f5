"""A virtual machine that writes to its second disk all the time, and says so on its console."""

import gzip
import hashlib
import pathlib
import re
import shutil

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
clock &
"""


def image(guest: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The folder with the kernel and the ramdisk of such a machine, made of another one's."""
    init = pathlib.Path(__file__).parents[3] / "tools" / "lib" / "guest" / "init"
    before, found, after = init.read_text().partition("clock &\n")
    assert found
    shutil.copy(guest / "kernel", folder / "kernel")
    # The kernel unpacks one archive after the other: the last one wins.
    (folder / "ramdisk").write_bytes((guest / "ramdisk").read_bytes() + gzip.compress(
        archive("init", f"{before}{WRITES}{after}".encode())))
    return folder


def archive(name: str, content: bytes) -> bytes:
    """An archive (cpio, newc) with one program."""
    return _entry(name, content, 0o100755) + _entry("TRAILER!!!", b"", 0)


def _entry(name: str, content: bytes, mode: int) -> bytes:
    facts = [1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % fact for fact in facts) + name.encode() + b"\0"
    return _padded(head) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def checksum(blocks: int) -> str:
    """The hash of so many blocks, as it writes them."""
    content = b"".join(b"%-*d" % (BLOCK, number) for number in range(blocks))
    return hashlib.sha256(content).hexdigest()


def written(console: pathlib.Path) -> int:
    """How many blocks it says it has written."""
    numbers = re.findall(rb"disk (\d+)\r?\n", console.read_bytes())
    return int(numbers[-1]) if numbers else 0
