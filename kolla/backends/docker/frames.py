"""The frames in which the engine sends what containers and commands write."""

import struct
from collections.abc import Iterable, Iterator

#: The number of an output, and how many bytes of it follow.
_HEADER = struct.Struct(">BxxxL")


def frames(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The output and the content of each frame, however the stream is cut into pieces."""
    rest = b""
    for piece in pieces:
        rest, begin = rest + piece, 0
        while len(rest) >= begin + _HEADER.size:
            output, length = _HEADER.unpack_from(rest, begin)
            end = begin + _HEADER.size + length
            if len(rest) < end:
                break
            yield output, rest[begin + _HEADER.size:end]
            begin = end
        rest = rest[begin:]
