"""A state file that is lost, broken or replaced while the monitor is at work."""

import logging

import pytest
from tests.unit.support.monitored import Site


@pytest.fixture
def site(tmp_path, monkeypatch, caplog):
    """Two healthy containers that are watched."""
    caplog.set_level(logging.INFO)
    site = Site(tmp_path, "web", "database")
    for name in ("web", "database"):
        site.run(name)
    site.watch(monkeypatch)
    site.until(lambda: healthy(site))
    yield site
    site.watcher.close()


def healthy(site) -> bool:
    return site.status("web") == site.status("database") == "healthy"


def lose_state_file(site) -> None:
    for path in site.deployment.state_dir.glob("kolla.sqlite*"):
        path.unlink()


def test_what_is_watched_stays_so_while_there_is_no_state_file(site, caplog):
    lose_state_file(site)
    site.until(lambda: "is gone" in caplog.text)
    site.be_asked("web-g1")
    assert healthy(site)
    assert [entry.levelname for entry in caplog.records].count("ERROR") == 1


def test_another_state_file_is_filled_from_the_engine_and_followed(site, caplog):
    lose_state_file(site)
    store = site.another_process()  # as any command makes it
    store.update("web", restarts="[]")  # as the monitor does that was about to write
    seen = set()

    def taken_in() -> bool:
        seen.update([site.status("web"), site.status("database")])
        return {record.current for record in store.containers()} == {1}

    site.until(lambda: taken_in() and len(store.containers()) == 2)
    assert seen == {"healthy"}, "load balancers would have taken it out"
    site.until(lambda: "web: the state file had lost it, and has it again" in caplog.text)
    site.run("web", environment={"A": "new"})
    site.until(lambda: site.context.conditions()["web"].generation == 2)


def test_what_the_other_state_file_and_the_engine_do_not_know_is_forgotten(site):
    del site.engine.seen["web-g1"]
    lose_state_file(site)
    site.another_process()
    site.until(lambda: site.status("web") == "absent")
    site.until(lambda: site.status("database") == "healthy")


def test_a_broken_state_file_is_told_once_and_read_again_when_it_is_whole(site, caplog):
    path = site.deployment.state_dir / "kolla.sqlite"
    with site.store._lock:  # no thread of the monitor is half-way
        site.store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = path.read_bytes()
        path.write_bytes(b"broken" * 20000)
        site.store._db.execute("PRAGMA shrink_memory")
    site.watcher._seen_change = None
    site.until(lambda: "what is watched stays so" in caplog.text)
    site.be_asked("web-g1")
    assert healthy(site)
    path.write_bytes(whole)
    site.until(lambda: "the state file is read anew" in caplog.text)
    site.run("web", environment={"A": "new"})
    site.until(lambda: site.context.conditions()["web"].generation == 2)
