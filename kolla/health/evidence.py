"""Evidence of a failure, gathered before the container is restarted or removed."""

from collections.abc import Iterable

from kolla.plugin.backend import Backend
from kolla.plugin.reports import BackendError

#: How many of the last lines of its log are kept.
LINES = 40
#: The most characters of them: a single line may have a megabyte.
LIMIT = 16_384
CUT = "(only the end of the last lines of its log is kept)"


def gather(backend: Backend, name: str, said: str = "") -> str:
    """The output of its check, the engine's view, and the last lines of its log."""
    lines = [f"check: {said}"] if said else []
    try:
        if seen := backend.inspect(name):
            starved = seen.out_of_memory and not seen.running
            memory = ", killed for its use of memory" if starved else ""
            times = f", restarted {seen.restarts} times by the engine" if seen.restarts else ""
            code = "" if seen.status == "running" else f", exit code {seen.exit_code}"
            lines.append(f"engine: {seen.status}{code}{memory}{times}")
            lines += _end(line for _, line in backend.logs(name, tail=LINES))
    except BackendError as error:
        lines.append(f"no more to see: {error.message}")
    return "\n".join(lines)


def _end(log: Iterable[str]) -> list[str]:
    """The lines; of too many characters the last ones, after a note about the cut.

    The word at the cut is dropped: the mask would not recognize the rest of a secret.
    """
    text = "\n".join(log)
    return [text] if len(text) <= LIMIT else [CUT, *text[-LIMIT:].split(maxsplit=1)[1:]]
