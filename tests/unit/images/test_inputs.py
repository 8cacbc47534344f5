"""An image is built again if, and only if, something that goes into it has changed."""

import os
import pathlib
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolla.errors import KollaError
from kolla.images import inputs

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True).filter(lambda n: n != "dockerfile")
FILES = st.dictionaries(NAMES, st.binary(min_size=1, max_size=40), min_size=1, max_size=5)
ARGUMENTS = {"PARENT": "kolla/base:trixie", "RELEASE": "2026.1"}


def folder(files: dict[str, bytes], where: str, mode: int = 0o644) -> pathlib.Path:
    path = pathlib.Path(where)
    for name, content in {"Dockerfile": b"FROM scratch\n", **files}.items():
        (path / name).write_bytes(content)
        (path / name).chmod(mode)
    return path


def digest_of(files: dict[str, bytes], arguments=ARGUMENTS, parent="sha256:1", mode=0o644) -> str:
    with tempfile.TemporaryDirectory() as where:
        return inputs.digest(folder(files, where, mode), arguments, parent)


@given(FILES, st.randoms())
def test_order_and_place_of_files_do_not_count(files, random):
    shuffled = list(files.items())
    random.shuffle(shuffled)
    assert digest_of(dict(shuffled)) == digest_of(files)


@given(FILES, st.data())
def test_any_changed_byte_counts(files, data):
    name = data.draw(st.sampled_from(sorted(files)))
    position = data.draw(st.integers(0, len(files[name]) - 1))
    changed = bytearray(files[name])
    changed[position] ^= data.draw(st.integers(1, 255))
    assert digest_of({**files, name: bytes(changed)}) != digest_of(files)


@given(FILES, NAMES, st.binary(max_size=10))
def test_a_new_file_counts(files, name, content):
    if name not in files:
        assert digest_of({**files, name: content}) != digest_of(files)


@given(FILES, st.data())
def test_a_renamed_file_counts(files, data):
    old = data.draw(st.sampled_from(sorted(files)))
    new = data.draw(NAMES.filter(lambda name: name not in files))
    renamed = {new if name == old else name: content for name, content in files.items()}
    assert digest_of(renamed) != digest_of(files)


@given(FILES, st.sampled_from([0o755, 0o600, 0o664]))
def test_a_changed_mode_counts(files, mode):
    assert digest_of(files, mode=mode) != digest_of(files)


@given(st.dictionaries(st.sampled_from(["PARENT", "RELEASE", "X"]), st.text(max_size=5)))
def test_a_changed_build_argument_counts(arguments):
    assert (digest_of({}, arguments) == digest_of({})) == (arguments == ARGUMENTS)


@given(st.text(max_size=10))
def test_another_parent_counts(parent):
    assert (digest_of({}, parent=parent) == digest_of({})) == (parent == "sha256:1")


def test_a_time_stamp_does_not_count(tmp_path):
    before = inputs.digest(folder({"a": b"1"}, str(tmp_path)), ARGUMENTS, "")
    os.utime(tmp_path / "a", (0, 0))
    assert inputs.digest(tmp_path, ARGUMENTS, "") == before


def test_where_a_symbolic_link_leads_to_counts(tmp_path):
    folder({}, str(tmp_path))
    (tmp_path / "link").symlink_to("a")
    before = inputs.digest(tmp_path, ARGUMENTS, "")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("b")
    assert inputs.digest(tmp_path, ARGUMENTS, "") != before


def test_what_dockerignore_leaves_out_does_not_count(tmp_path):
    folder({".dockerignore": b"# not part of it\n__pycache__\n"}, str(tmp_path))
    before = inputs.digest(tmp_path, ARGUMENTS, "")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"1")
    assert inputs.digest(tmp_path, ARGUMENTS, "") == before


def test_what_python_compiles_does_not_count(tmp_path):
    folder({"a.py": b""}, str(tmp_path))
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "b.py").touch()
    before = inputs.digest(tmp_path, ARGUMENTS, "")
    for place in (tmp_path, tmp_path / "package"):
        (place / "__pycache__").mkdir()
        (place / "__pycache__" / "a.pyc").write_bytes(b"1")
    assert inputs.digest(tmp_path, ARGUMENTS, "") == before


def test_a_folder_without_dockerfile_is_named(tmp_path):
    with pytest.raises(KollaError, match=str(tmp_path)):
        inputs.digest(tmp_path, ARGUMENTS, "")
