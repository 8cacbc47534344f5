"""``kolla monitor`` is the only one of its deployment."""

import pytest

from kolla.errors import KollaError
from kolla.monitor.daemon import _alone


def test_a_state_directory_that_is_not_there_yet_is_made_for_its_owner_alone(tmp_path):
    with _alone(tmp_path / "var" / "kolla"):
        assert (tmp_path / "var" / "kolla").stat().st_mode & 0o777 == 0o700


def test_a_state_directory_that_cannot_be_made_is_named_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(KollaError, match="file/kolla/monitor.lock cannot be opened") as refused:
        with _alone(tmp_path / "file" / "kolla"):
            pass
    assert "run it as root" in refused.value.hint


def test_a_second_monitor_of_the_same_deployment_is_refused(tmp_path):
    with _alone(tmp_path), pytest.raises(KollaError, match="another `kolla monitor` watches"):
        with _alone(tmp_path):
            pass
