"""What is told of a run of Tempest."""

import pathlib

import tests.tempest
from tests.tempest.outcomes import Outcomes

HERE = pathlib.Path(tests.tempest.__file__).parent
PRINTED = """\
=========================
{0} tempest.api.compute.test_quotas.QuotasTest.test_get[id-81aee638,smoke] [0.412345s] ... ok
{1} tempest.api.compute.test_quotas.QuotasTest.test_get[id-81aee638] [3.100000s +2.30%] ... ok
{1} setUpClass (tempest.api.compute.volumes.AttachTest) ... SKIPPED: Cinder is not available
{0} tempest.scenario.test_minimum_basic.Test.test[id-1,slow] ... SKIPPED: Cinder is not available
{0} tempest.api.compute.admin.Test.test_migrate[id-2] ... SKIPPED: Cold migration not available.
{0} tempest.scenario.test_shelve_instance.Test.test_it[id-3] [61.000000s] ... FAILED

    AssertionError: it is ... not ok
"""


def test_it_says_what_failed_why_others_were_skipped_and_how_many():
    outcomes = Outcomes()
    for line in PRINTED.splitlines(keepends=True):
        outcomes.take(line)
    assert str(outcomes).splitlines() == [
        "failed: tempest.scenario.test_shelve_instance.Test.test_it[id-3]",
        "skipped, 2: Cinder is not available",
        "skipped, 1: Cold migration not available.",
        "2 passed, 1 failed, 3 skipped",
    ]


def test_whatever_is_excluded_has_a_reason():
    lines = (HERE / "excluded.txt").read_text().splitlines()
    assert all(line.partition("#")[2].strip() for line in lines)


def test_what_a_virtual_machine_of_tempest_runs_is_executable():
    programs = [HERE / "guest/root/init", HERE / "guest/root/lease",
                *(HERE / "guest/root/bin").iterdir()]
    assert all(program.stat().st_mode & 0o111 == 0o111 for program in programs)
