"""The ramdisk of a virtual machine that does something besides having a clock."""

import gzip
import pathlib
import shutil


def image(guest: pathlib.Path, folder: pathlib.Path, besides: str) -> pathlib.Path:
    """The folder with the kernel and the ramdisk of such a machine, made of another one's.

    ``besides``: what its first process does, in the words of a shell.
    """
    init = pathlib.Path(__file__).parents[3] / "tools" / "lib" / "guest" / "init"
    before, clock, after = init.read_text().partition("clock &\n")
    assert clock
    shutil.copy(guest / "kernel", folder / "kernel")
    # The kernel unpacks one archive after the other: the last one wins.
    (folder / "ramdisk").write_bytes((guest / "ramdisk").read_bytes() + gzip.compress(
        archive("init", f"{before}{besides}{clock}{after}".encode())))
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
