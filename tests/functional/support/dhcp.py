"""A client of DHCP, which takes what it is given, in a namespace of the network.

Of a machine's own programs it needs none but ip.
"""

import dataclasses
import fcntl
import ipaddress
import os
import pathlib
import select
import socket
import struct
import time

from tests.functional.support.namespaces import within

IPV4 = 0x0800
#: As in sockios.h: the address of a device.
SIOCGIFHWADDR = 0x8927
CLIENT, SERVER = 68, 67
COOKIE = bytes((99, 130, 83, 99))
#: Where the options of a message begin, after the cookie.
HEAD = 240
#: Options: mask, router, wanted address, kind of message, server.
MASK, ROUTER, WANTED, KIND, WHO = 1, 3, 50, 53, 54
DISCOVER, REQUEST, ACK = 1, 3, 5
#: The last option, and one that stands for nothing.
END, PAD = 255, 0


@dataclasses.dataclass(frozen=True)
class Lease:
    """What a server has given, and how often it had to be asked."""

    interface: ipaddress.IPv4Interface
    router: str
    asked: int


class Client:
    """Talks to a server by way of a device, which need not have an address."""

    def __init__(self, device: str):
        self.device = device
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(IPV4))
        self.wire.bind((device, IPV4))
        facts = fcntl.ioctl(self.wire, SIOCGIFHWADDR, struct.pack("256s", device.encode()))
        self.address, self.id = facts[18:24], os.urandom(4)

    def ask(self, kind: int, options: dict[int, bytes], seconds: float = 1) -> dict[int, bytes]:
        """The options of the answer, with the offered address as number 0; empty if none came."""
        given = {KIND: bytes((kind,)), **options}
        text = b"".join(bytes((name, len(value))) + value for name, value in given.items())
        # It wants its answer as a broadcast: it has no address yet.
        message = struct.pack(
            "!BBBB4sHH16s16s192s", 1, 1, 6, 0, self.id, 0, 0x8000, b"", self.address, b""
        ) + COOKIE + text + bytes((END,))
        self.wire.sendto(packet(message), (self.device, IPV4, 0, 0, b"\xff" * 6))
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.wire], [], [], left)[0]:
                if found := self._understood(self.wire.recv(4096)):
                    return found
        return {}

    def _understood(self, data: bytes) -> dict[int, bytes]:
        message = data[(data[0] & 15) * 4:]
        ports = struct.unpack("!HH", message[:4])
        message = message[8:]
        if data[9] != socket.IPPROTO_UDP or ports != (SERVER, CLIENT) or message[4:8] != self.id:
            return {}
        found, rest = {0: message[16:20]}, message[HEAD:]
        while rest and rest[0] != END:
            if rest[0] == PAD:
                rest = rest[1:]
            else:
                found[rest[0]], rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]
        return found


def packet(message: bytes) -> bytes:
    """In UDP and IP, from nowhere to everybody."""
    udp = struct.pack("!HHHH", CLIENT, SERVER, 8 + len(message), 0) + message
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
        b"\0" * 4, b"\xff" * 4,
    )
    total = sum(struct.unpack("!10H", head))
    total = (total >> 16) + (total & 0xFFFF)
    return head[:10] + struct.pack("!H", ~total & 0xFFFF) + head[12:] + udp


def lease(device: str, namespace: pathlib.Path, tries: int = 30) -> Lease:
    """Ask for an address until there is one."""

    def ask() -> Lease | None:
        client = Client(device)
        for asked in range(1, tries + 1):
            offer = client.ask(DISCOVER, {})
            wanted = {WANTED: offer[0], WHO: offer[WHO]} if offer else {}
            answer = client.ask(REQUEST, wanted) if offer else {}
            if answer.get(KIND) == bytes((ACK,)):
                address, mask, router = (
                    socket.inet_ntoa(answer[name][:4]) for name in (0, MASK, ROUTER)
                )
                return Lease(ipaddress.IPv4Interface(f"{address}/{mask}"), router, asked)
        return None

    found = within(namespace, ask)
    assert found, f"nobody answers on {device}"
    return found
