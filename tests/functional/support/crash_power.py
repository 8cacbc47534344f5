"""An engine whose power can be cut: it, its containerd and all its containers die at once.

It runs in a PID namespace of its own. When the first process there is killed, the kernel
kills all the others; nothing is told to stop, and nothing is written down.
"""

import os
import pathlib
import shutil
import signal

from tests.functional.support.engine import Engine

#: In the mount namespace of the engine. What a reboot would empty is empty.
BOOT = """\
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs {exec_root}
exec "$@"
"""


class PowerEngine(Engine):
    """The engine of the tests as if on a machine of its own.

    It shares the data root, and so the images, with the ordinary one, which must not run
    meanwhile. It dies with the process that started it.
    """

    #: As ``unshare`` has them.
    namespaces: tuple[str, ...] = ("--mount", "--uts", "--ipc", "--pid")
    boot = BOOT

    def _command(self) -> list[str]:
        exec_root = self.run / "exec"
        exec_root.mkdir(parents=True, exist_ok=True)
        return [
            "setpriv", "--pdeathsig", "KILL",
            "unshare", *self.namespaces, "--fork", "--kill-child",
            shutil.which("docker-init") or "tini", "-s", "--",
            "sh", "-c", self.boot.format(run=self.run, exec_root=exec_root), "boot",
            *super()._command(),
        ]

    def pid(self) -> int | None:
        """The first process of the namespace, as the outside knows it."""
        if self._process is None or self._process.poll() is not None:
            return None
        outer = self._process.pid
        children = pathlib.Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
        return int(children[0]) if children else None

    @property
    def processes(self) -> str:
        """Where the outside finds the processes that the engine names."""
        return f"/proc/{self.pid()}/root/proc"

    def cut_power(self) -> None:
        """Everything dies. ``start`` is the next boot."""
        if self._process is not None:
            pid = self.pid()
            if pid:
                os.kill(pid, signal.SIGKILL)
            self._process.wait(30)  # which the kernel delays until the last one is dead
            self._process = None
        for path in (self._pidfile, self.socket):
            path.unlink(missing_ok=True)

    stop = kill = cut_power
