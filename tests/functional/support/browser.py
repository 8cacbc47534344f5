"""Chromium without a screen, driven through its own protocol.

It reads commands on file descriptor 3 and answers on 4, each a JSON object and a zero byte
(``--remote-debugging-pipe``), so no driver and no port is needed.
"""

import base64
import contextlib
import fcntl
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

from tests.functional.support.watching import until

PROGRAM = shutil.which("chromium")
#: Seconds in which a page shows what it is waited for, on a busy host.
SHOWS = 180


class Page:
    """What a user sees, and does."""

    def __init__(self, commands: int, answers: int):
        self._commands, self._answers = os.fdopen(commands, "wb"), os.fdopen(answers, "rb")
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session = ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def _call(self, method: str, **parameters) -> dict:
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        command |= {"sessionId": self._session} if self._session else {}
        self._commands.write(json.dumps(command).encode() + b"\0")
        self._commands.flush()
        while True:  # events come in between
            answer = self._answer()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _answer(self) -> dict:
        while b"\0" not in self._rest:
            more = os.read(self._answers.fileno(), 1 << 16)
            assert more, "the browser has ended"
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        return json.loads(text)

    def go(self, url: str) -> None:
        failed = self._call("Page.navigate", url=url).get("errorText")
        assert not failed, f"{url}: {failed}"

    def run(self, script: str):
        """The value of an expression of JavaScript; None while the page has no such thing."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True,
                            awaitPromise=True)
        return None if "exceptionDetails" in answer else answer["result"].get("value")

    def until(self, script: str):
        """The first value of an expression that is true."""
        return until(lambda: self.run(script), SHOWS)

    def shows(self, text: str) -> None:
        """Until the page shows a text."""
        self.until(f"document.body.innerText.includes({json.dumps(text)})")

    def frames(self) -> list[str]:
        """What has been loaded into the page's frames."""
        tree = self._call("Page.getFrameTree")["frameTree"]
        return [child["frame"]["url"] for child in tree.get("childFrames", ())]

    def picture(self, path: pathlib.Path) -> None:
        shot = self._call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


def _high(descriptor: int) -> int:
    """The same file under a number that is not one of those that the program reserves."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def opened(width: int = 1280, height: int = 900) -> Iterator[Page]:
    """A browser of its own, which trusts every certificate, with an empty page."""
    assert PROGRAM, "there is no chromium here: apt-get install chromium"
    with tempfile.TemporaryDirectory() as folder:
        read, commands = map(_high, os.pipe())
        answers, write = map(_high, os.pipe())
        arguments = [
            PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--ignore-certificate-errors", "--remote-debugging-pipe",
            f"--user-data-dir={folder}", f"--window-size={width},{height}",
        ]
        # The program finds its two ends at 3 and 4.
        shell = ["bash", "-c", f'exec 3<&{read} 4>&{write} {read}<&- {write}>&-; exec "$0" "$@"']
        process = subprocess.Popen(
            [*shell, *arguments], pass_fds=(read, write), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(read)
        os.close(write)
        try:
            yield Page(commands, answers)
        finally:
            process.terminate()
            process.wait(60)
