"""Talks to systemd about the state of this service (sd_notify(3))."""

import os
import socket
import threading
import time
from collections.abc import Callable


def notify(*lines: str) -> None:
    """Send these lines to systemd, if it started this process and asked for them."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # a socket in the abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.connect(address)
        sender.sendall("\n".join(lines).encode())


def ready(status: str) -> None:
    notify("READY=1", f"STATUS={status}")


def reloading() -> None:
    notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def stopping() -> None:
    notify("STOPPING=1")


def alive() -> None:
    notify("WATCHDOG=1")


def alive_during(work: Callable[[], object]) -> None:
    """Do work that may take minutes, and send signs of life meanwhile."""
    worker = threading.Thread(target=work, name="long work")
    worker.start()
    while worker.is_alive():
        alive()
        worker.join(watchdog())


def watchdog() -> float | None:
    """Seconds between two signs of life, half of what systemd allows; None if it wants none."""
    allowed = int(os.environ.get("WATCHDOG_USEC", 0))
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return allowed / 2_000_000 if allowed and meant else None
