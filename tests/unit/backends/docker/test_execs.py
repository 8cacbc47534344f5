"""What the engine answers, however the network cuts it into pieces."""

import contextlib
import pathlib
import socket
import struct
import tempfile
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolla.backends.docker import execs
from kolla.backends.docker.frames import frames
from kolla.plugin.reports import Unreachable

CUTS = st.lists(st.integers(1, 20), max_size=40)


def cut(data: bytes, sizes: list[int]):
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


@given(st.lists(st.binary(max_size=30)), CUTS)
def test_texts_come_whole_out_of_any_pieces(texts, sizes):
    stream = b"".join(struct.pack(">BxxxL", 1, len(text)) + text for text in texts)
    assert [text for _, text in frames(cut(stream, sizes))] == texts


@given(st.binary(max_size=30), CUTS)
def test_what_follows_the_head_of_an_answer_is_not_lost(content, sizes):
    pieces = cut(b"HTTP/1.0 201 Created\r\nServer: Docker\r\n\r\n" + content, sizes)
    status, rest = execs._head(pieces)
    assert status == 201 and rest + b"".join(pieces) == content


@contextlib.contextmanager
def listener(answer: bytes):
    """The URL of a server that sends this to its first client, and closes."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as wire:
        path = pathlib.Path(folder, "socket")
        wire.bind(str(path))
        wire.listen()

        def say() -> None:
            with wire.accept()[0] as client:
                client.recv(65536)
                client.sendall(answer)

        threading.Thread(target=say, daemon=True).start()
        yield f"unix://{path}"


@pytest.mark.parametrize("answer", [
    b"", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.0 200 OK\r\n\r\n{", b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
])
def test_whoever_is_no_engine_says_nothing_about_a_container(answer):
    with listener(answer) as url, pytest.raises(Unreachable, match="does not answer"):
        execs.Execs(url, 5).run("keystone-g1", ("kolla-check",), 10)


def test_an_engine_that_is_not_there_is_named():
    with pytest.raises(Unreachable, match="unix:///nonexistent/socket does not answer"):
        execs.Execs("unix:///nonexistent/socket", 5).run("keystone-g1", ("kolla-check",), 10)
