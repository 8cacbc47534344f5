"""What the benchmark of virtual machines makes of what it has measured."""

import pytest

from tests.benchmarks import report
from tests.benchmarks.machines import KILL, REST, Cell, result


def cell(target: str, action: str, silence: float | None) -> Cell:
    return Cell(target, action, 2.0, [(0.0, 0.1)], [], 40, True, silence)


@pytest.mark.parametrize(("action", "silence", "met"), (
    ("upgrade", 2.9, True), ("upgrade", 3.1, False), ("rollback", 3.1, False),
    (KILL, 9.0, True), ("upgrade", None, True),
))
def test_nova_compute_has_three_seconds_unless_it_is_killed(action, silence, met):
    cells = [cell("", REST, 0.1), cell("nova-compute", action, silence)]
    (bar,) = (bar for bar in result({}, cells, []).bars.items() if "silent" in bar[0])
    assert bar[1] is met


def test_what_fails_is_named_and_the_rest_is_reported(capsys):
    failed: list[str] = []
    with report.noted(failed, "nova-compute: upgrade"):
        raise AssertionError("kolla upgrade nova-compute ended with 1, not 0")
    found = result({}, [cell("", REST, 0.1), cell("rabbitmq", "restart", None)], failed)
    assert not found.bars["each command succeeds"]
    assert "failed: nova-compute: upgrade" in found.notes and len(found.rows) == 2
    assert "ended with 1" in capsys.readouterr().err
