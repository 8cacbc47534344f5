"""The addresses of this host, and who holds a TCP port of it."""

import array
import contextlib
import dataclasses
import errno
import fcntl
import ipaddress
import pathlib
import socket
import struct
from collections.abc import Iterator

from kolla.text import harmless

PROC = pathlib.Path("/proc")
LISTENING = "0A"
_SIOCGIFCONF = 0x8912
#: Bytes of a struct ifreq: a name of 16, then a socket address.
_IFREQ = struct.calcsize("16s24x")
#: By family: the option of a socket that may be bound to an address which nobody has; Python
#: has no names for them.
_FREEBIND = {socket.AF_INET: (socket.IPPROTO_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclasses.dataclass(frozen=True)
class Problem:
    """Why an address and port cannot be bound."""

    text: str
    advice: str
    #: Another program has it.
    taken: bool = False

    def __str__(self) -> str:
        return self.text


def has(address: str) -> bool:
    """Whether this host has an address, whatever it lets its programs bind."""
    found = ipaddress.ip_address(address)
    if found.is_unspecified:
        return True
    family = socket.AF_INET6 if found.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))  # sends nothing
        except OSError:
            return False
        source = ipaddress.ip_address(probe.getsockname()[0])
        # All of 127.0.0.0/8 is asked from 127.0.0.1.
        return source == found or (source.is_loopback and found.is_loopback)


def addresses_of(interface: str) -> set[str]:
    """The addresses an interface of this host carries (Linux)."""
    buffer = array.array("B", bytes(_IFREQ * 1024))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = bytearray(struct.pack("iP", len(buffer), buffer.buffer_info()[0]))
        fcntl.ioctl(probe, _SIOCGIFCONF, request)
    (length,) = struct.unpack_from("i", request)
    entries = (buffer[at:at + _IFREQ].tobytes() for at in range(0, length, _IFREQ))
    found = {
        socket.inet_ntoa(entry[20:24]) for entry in entries
        # An alias is called eth0:1.
        if entry[:16].rstrip(b"\0").decode().partition(":")[0] == interface
    }
    table = PROC / "net" / "if_inet6"
    for line in table.read_text().splitlines() if table.exists() else []:
        packed, *_, name = line.split()
        if name == interface:
            found.add(str(ipaddress.ip_address(bytes.fromhex(packed))))
    return found


def problem(address: str, port: int, floating: bool = False) -> Problem | None:
    """What would keep a service from binding it; None if nothing does.

    ``floating``: this host need not have the address.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as candidate:
        # Connections that linger after a close do not keep a service from listening.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if floating:
            candidate.setsockopt(*_FREEBIND[family], 1)
        try:
            candidate.bind((address, port))
        except OSError as error:
            return _explained(error, address, port)
    return None


def _explained(error: OSError, address: str, port: int) -> Problem:
    if error.errno == errno.EADDRINUSE:
        holder = " and ".join(holders(address, port)) or "another program"
        return Problem(
            f"is in use by {holder}", "stop it, or give one of the two another port or address",
            taken=True,
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return Problem(
            f"cannot be bound: this host does not have the address {address}",
            "`ip address` lists those it has; [host] address is the one services bind",
        )
    if error.errno == errno.EACCES:
        return Problem("cannot be tried without more rights", "run this as root")
    return Problem(f"cannot be bound: {error.strerror}", "")


def holders(address: str, port: int) -> list[str]:
    """The programs that keep others from a port, as far as this user may know: ``name (pid)``."""
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(address, port)}
    found = set()
    for process in PROC.glob("[0-9]*") if wanted else ():
        # Processes come and go meanwhile.
        with contextlib.suppress(OSError):
            if not wanted.isdisjoint(_files(process)):
                found.add(f"{_name(process)} ({process.name})")
    return sorted(found)


def _files(process: pathlib.Path) -> Iterator[str]:
    """What a process has open."""
    for link in (process / "fd").iterdir():
        with contextlib.suppress(OSError):  # it was closed meanwhile
            yield str(link.readlink())


def _name(process: pathlib.Path) -> str:
    """What a process calls itself, which may be anything."""
    name = (process / "comm").read_bytes().decode(errors="replace").removesuffix("\n")
    return harmless(name).replace("\n", " ")


def _listening_inodes(address: str, port: int) -> set[str]:
    inodes, wanted = set(), ipaddress.ip_address(address)
    for table in ("net/tcp", "net/tcp6"):
        try:
            lines = (PROC / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            packed, _, number = fields[1].partition(":")
            if fields[3] == LISTENING and int(number, 16) == port:
                if clash(wanted, _address(packed)):
                    inodes.add(fields[9])
    return inodes


def _address(packed: str) -> Address:
    """From words of 32 bits in the order of the processor, as the kernel prints them."""
    words = struct.unpack(f"!{len(packed) // 8}I", bytes.fromhex(packed))
    found = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    return getattr(found, "ipv4_mapped", None) or found


def clash(one: Address, two: Address) -> bool:
    """Whether one port cannot be bound at both of them."""
    return one == two or one.is_unspecified or two.is_unspecified
