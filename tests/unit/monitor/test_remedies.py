"""When the monitor confirms what confirms itself."""

import types

import pytest

from kolla.monitor.remedies import Remedies
from tests.unit.support.factory import make_generation, make_spec, make_state


def asked(monkeypatch, on_record) -> list[str]:
    """What is done at the end of the probation of generation 1, as that is on record then."""
    state = make_state(1, [on_record])
    context = types.SimpleNamespace(
        deployment=None,
        loop=types.SimpleNamespace(after=lambda seconds, work: None),
        has=lambda watched: True, in_hands=lambda watched: False,
    )
    monkeypatch.setattr("kolla.monitor.remedies.recorded", lambda deployment, name: state)
    done = []
    remedies = Remedies(context, lambda watched: None)
    monkeypatch.setattr(remedies, "_act", lambda watched, kind, *told: done.append(kind))
    begun = make_generation(1, "current", spec=make_spec(confirms_itself=True))
    remedies._survived(types.SimpleNamespace(
        name="web", number=1, generation=begun, status="healthy"
    ))
    return done


@pytest.mark.parametrize("confirmed, done", [(None, ["confirm"]), ("2026-01-02", [])])
def test_what_has_been_confirmed_meanwhile_is_not_confirmed_again(monkeypatch, confirmed, done):
    assert asked(monkeypatch, make_generation(1, "current", confirmed=confirmed)) == done
