"""What there is to see of a container that is not well, before it is restarted or taken away."""

from kolla.backends.base import Backend, BackendError

#: Of its log, the last ones.
LINES = 40


def gather(backend: Backend, name: str, said: str = "") -> str:
    """What its check said, what the engine says, and the last lines of its log."""
    lines = [f"check: {said}"] if said else []
    try:
        if seen := backend.inspect(name):
            starved = seen.out_of_memory and not seen.running
            memory = ", killed for its use of memory" if starved else ""
            times = f", restarted {seen.restarts} times by the engine" if seen.restarts else ""
            lines.append(f"engine: {seen.status}, exit code {seen.exit_code}{memory}{times}")
            lines += [text for _, text in backend.logs(name, tail=LINES)]
    except BackendError as error:
        lines.append(f"no more to see: {error.message}")
    return "\n".join(lines)
