"""Who may look into the state directory."""

import os

import pytest

from kolla.errors import KollaError
from kolla.store.state_dir import require_private


def mode(path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("before", [0o755, 0o770, 0o701])
def test_one_that_others_may_enter_is_closed_with_a_word(tmp_path, caplog, before):
    tmp_path.chmod(before)
    assert require_private(tmp_path) == tmp_path
    assert mode(tmp_path) == 0o700
    assert f"(mode {before:o}): it has mode 700 now" in caplog.text


def test_a_private_one_is_left_alone_in_silence(tmp_path, caplog):
    tmp_path.chmod(0o700)
    require_private(tmp_path)
    assert mode(tmp_path) == 0o700 and not caplog.text


def test_one_that_is_not_there_is_not_made(tmp_path):
    assert not require_private(tmp_path / "none").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_one_of_another_user_is_refused(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(KollaError, match="belongs to the user nobody") as raised:
        require_private(tmp_path)
    assert "chown root:root" in raised.value.hint
