"""Shows progress on standard error: live on a terminal, else one line for each step."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from kolla.cli.main import Kolla

#: Called with a name, its progress, and whether that is its end.
Observer = Callable[[str, str, bool], None]


@contextlib.contextmanager
def progress(app: "Kolla") -> Iterator[Observer]:
    """An observer that may be called from any thread while the ``with`` block runs.

    If standard error is a closed pipe, the work goes on.
    """
    with _shown(app) as observer:

        def tell(name: str, text: str, done: bool) -> None:
            with contextlib.suppress(OSError):
                observer(name, text, done)

        yield tell


@contextlib.contextmanager
def _shown(app: "Kolla") -> Iterator[Observer]:
    if app.options.verbose_level == 0:
        yield lambda name, text, done: None
    elif app.stderr.isatty():
        with _live(app.stderr) as observer:
            yield observer
    else:
        yield _Plain(app.stderr)


class _Plain:
    """One line for each change."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._last: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str, text: str, done: bool) -> None:
        with self._lock:
            if self._last.get(name) != text:
                self._last[name] = text
                print(f"{name}: {text}", file=self._stream, flush=True)


@contextlib.contextmanager
def _live(stream: TextIO) -> Iterator[Observer]:
    from rich.console import Console
    from rich.progress import (
        Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn,
    )
    from rich.table import Column

    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn(
            "{task.fields[name]}", style="bold", markup=False, table_column=Column(no_wrap=True)
        ),
        # The only one that a narrow terminal cuts.
        TextColumn(
            "{task.description}", markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    lock = threading.Lock()
    with Progress(*columns, console=Console(file=stream), expand=True) as display:

        def observe(name: str, text: str, done: bool) -> None:
            with lock:
                if name not in tasks:
                    tasks[name] = display.add_task(text, name=name, total=1)
            display.update(tasks[name], description=text, completed=int(done))

        yield observe
