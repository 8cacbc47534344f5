"""Tasks that the monitor runs from time to time; the engine is made up."""

import pytest
from tests.unit.support.monitored import Site

from kolla.monitor import chores
from kolla.plugin import Task
from kolla.plugin.reports import Outcome
from kolla.store.records import FOR_EVER

PURGE = Task("purge", ("purge",), every=0.1)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A host with a container that purges itself; not watched yet."""
    monkeypatch.setattr(chores, "SOON", 0.05)
    monkeypatch.setattr(chores, "LATER", 0.05)
    site = Site(tmp_path, "web")
    site.run("web", tasks={"on_demand": (PURGE, Task("rotate", ("rotate",)))})
    yield site
    site.watcher.close()


def test_a_task_comes_again_and_again_and_others_wait_to_be_asked_for(site, monkeypatch):
    site.watch(monkeypatch)
    site.until(lambda: site.engine.tasks.count("web-g1-purge") == 2)
    assert set(site.engine.tasks) == {"web-g1-purge"}


def test_a_failure_is_told_and_restarts_nothing(site, monkeypatch, caplog):
    told = []
    monkeypatch.setattr(site.deployment.hooks, "tell", told.append)
    site.engine.answers["web-g1-purge"] = Outcome(1, "no rights")
    site.watch(monkeypatch)
    site.until(lambda: "the task purge ended with exit code 1" in caplog.text)
    site.be_asked("web-g1")
    assert ("task run", "failed") in {(event.kind, event.outcome) for event in told}
    assert site.status("web") == "healthy" and site.engine.seen["web-g1"].restarts == 0
    assert site.engine.running() == ["web-g1"]


def test_what_a_task_warns_of_is_told(site, monkeypatch, caplog):
    tasks = {"on_demand": (Task("purge", ("purge",), every=0.1, warning=3),)}
    site.run("web", tasks=tasks)
    site.engine.answers["web-g2-purge"] = Outcome(3, "some stay")
    site.watch(monkeypatch)
    site.until(lambda: "web: purge warns: some stay" in caplog.text)


@pytest.mark.parametrize("hindrance", ["sick", "maintenance", "command"])
def test_a_task_waits_until_nothing_is_in_its_way(site, monkeypatch, hindrance):
    if hindrance == "sick":
        site.engine.answers["web-g1"] = Outcome(1, "ill")
    elif hindrance == "maintenance":
        site.store.update("web", maintenance=FOR_EVER)
    monkeypatch.setattr(
        site.deployment.locks, "held", lambda name: hindrance == "command"
    )
    site.watch(monkeypatch)
    site.be_asked("web-g1", 15)
    assert site.engine.tasks == []
    hindrance = ""
    site.engine.answers.pop("web-g1", None)
    site.another_process().update("web", maintenance=None)
    site.until(lambda: "web-g1-purge" in site.engine.tasks)


def test_a_task_that_ran_lately_is_not_run_again_for_a_new_monitor(site, monkeypatch):
    event = site.store.open_event("on-demand", "web", 1, "purge", task="purge")
    site.store.close_event(event, "done", 1.0)
    site.run("web", tasks={"on_demand": (Task("purge", ("purge",), every=3600),)})
    site.watch(monkeypatch)
    site.be_asked("web-g2", 5)
    assert site.engine.tasks == []
