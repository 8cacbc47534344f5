"""The image of Gnocchi: what is said of the disk with the measures."""

import pytest

PLACE = ("gnocchi", "bin", "kolla-check-measures")


@pytest.mark.parametrize("free, code, told", [
    (64 << 20, 0, ""),
    ((64 << 20) - 1, 75, "which holds the measures, is full: 63 MiB are free, and 64 are needed"),
])
def test_a_full_disk_strains_what_writes_measures_to_it(program, script, free, code, told):
    program("df", f"echo Avail; echo {free}")
    ended = script(PLACE, "true")
    assert ended.returncode == code and told in ended.stdout
    assert len(ended.stdout.splitlines()) == bool(told)


def test_what_does_not_work_is_said_before_a_disk_that_is_full(program, script):
    program("df", "echo Avail; echo 0")
    program("sick", "echo no worker lives; exit 1")
    ended = script(PLACE, "sick")
    assert ended.returncode == 1 and ended.stdout == "no worker lives\n"
