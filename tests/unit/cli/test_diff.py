"""What differs between generations, and from the configuration."""

import pytest

from kolla.plugin import File
from kolla.plugin.reports import ImageFacts
from tests.unit.support.engine import Engine
from tests.unit.support.factory import make_spec


@pytest.fixture
def changed(kolla):
    """Three generations: other workers, another file, another password."""
    store = kolla.store
    for workers, text, password in (("2", "a\nb\n", "f1"), ("3", "a\nc\n", "f1"),
                                    ("3", "a\nc\n", "f2")):
        spec = make_spec(
            container="probe", files=(File("/etc/x", text),),
            environment={"KOLLA_WORKERS": workers, "PASSWORD": "${database.password}"},
        )
        number = store.begin("probe", spec, {"database.password": password}, "upgrade")
        store.commit("probe", number)
    store.close()
    return kolla


def test_two_generations_are_compared_with_values_and_lines_of_files(changed):
    assert changed("container", "diff", "probe", "1", "2").out == (
        "probe: generation 1 -> generation 2\n"
        "  environment KOLLA_WORKERS: 2 -> 3\n"
        "  file /etc/x: changed\n"
        "    @@ -1,2 +1,2 @@\n     a\n    -b\n    +c\n"
    )


def test_of_a_secret_it_is_only_told_that_it_changed(changed):
    assert changed("container", "diff", "probe", "2", "3").out == (
        "probe: generation 2 -> generation 3\n  secret database.password: changed\n")
    assert changed("container", "diff", "probe", "2", "3", "-f", "json").json == [{
        "what": "secret", "name": "database.password", "change": "changed", "old": "****",
        "new": "****"}]


def test_one_number_is_compared_with_what_runs(changed):
    assert "generation 3 -> generation 3\n  no difference" in changed(
        "container", "diff", "probe", "3").out
    assert "KOLLA_WORKERS: 2 -> 3" in changed("container", "diff", "probe", "1").out


def test_without_numbers_what_runs_is_compared_with_the_configuration(changed, monkeypatch):
    engine = Engine()
    facts = ImageFacts("sha256:" + "b" * 64, "kolla/probe:trixie", {})
    engine.built = {facts.reference: facts}
    monkeypatch.setattr("kolla.deployment.Deployment.backend_of", lambda *given: engine)
    answer = changed("container", "diff", "probe")
    assert answer.out.startswith("probe: generation 3 -> what the configuration wants now\n")
    assert "environment KOLLA_PORT: added: 11211" in answer.out
    assert "environment KOLLA_WORKERS: removed: 3" in answer.out


@pytest.mark.parametrize("command, told", [
    ("container diff probe 9", "probe has no generation 9"),
    ("container diff guard", "guard has no current generation"),
    ("container diff prob", "did you mean 'probe'?"),
])
def test_what_cannot_be_compared_is_refused_with_a_way(changed, command, told):
    answer = changed(*command.split())
    assert answer.code and told in answer.err
