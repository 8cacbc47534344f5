"""What there is to see of a container that is not well, before it is restarted or taken away."""

from collections.abc import Iterable

from kolla.plugin.backend import Backend, BackendError

#: Of its log: the last lines, and so many characters of them, since one may be a megabyte long.
LINES, LIMIT = 40, 16_384
CUT = "(only the end of the last lines of its log is kept)"


def gather(backend: Backend, name: str, said: str = "") -> str:
    """What its check said, what the engine says, and the last lines of its log."""
    lines = [f"check: {said}"] if said else []
    try:
        if seen := backend.inspect(name):
            starved = seen.out_of_memory and not seen.running
            memory = ", killed for its use of memory" if starved else ""
            times = f", restarted {seen.restarts} times by the engine" if seen.restarts else ""
            lines.append(f"engine: {seen.status}, exit code {seen.exit_code}{memory}{times}")
            lines += _end(line for _, line in backend.logs(name, tail=LINES))
    except BackendError as error:
        lines.append(f"no more to see: {error.message}")
    return "\n".join(lines)


def _end(log: Iterable[str]) -> list[str]:
    """The lines, or a word about the cut and what is behind it.

    The word that the cut goes through is left out: nobody would know the rest of a secret
    for one, and mask it.
    """
    text = "\n".join(log)
    return [text] if len(text) <= LIMIT else [CUT, *text[-LIMIT:].split(maxsplit=1)[1:]]
