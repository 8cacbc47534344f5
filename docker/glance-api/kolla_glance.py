"""Glance's application, whose work after an answer can be waited for (``kolla-finish``).

An import of an image goes on in a thread when its request has been answered. Until it ends
it holds a lock together with the others, which the kernel frees if the process dies.
"""

import fcntl

from glance import async_

LOCK = "/run/kolla/background.lock"

_spawn = async_.ThreadPoolModel.spawn


def spawn(pool, work, *arguments, **options):
    """Called while the request is in flight: a drain sees the one or the other."""
    lock = open(LOCK, "w")
    fcntl.flock(lock, fcntl.LOCK_SH)

    def release(future) -> None:
        # Not left to close(): a child that was forked meanwhile shares the open file.
        fcntl.flock(lock, fcntl.LOCK_UN)
        lock.close()

    future = _spawn(pool, work, *arguments, **options)
    future.add_done_callback(release)
    return future


async_.ThreadPoolModel.spawn = spawn

from glance.wsgi.api import application  # noqa: E402, F401
