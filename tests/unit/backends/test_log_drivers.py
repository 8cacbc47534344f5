"""Options of the engine's log drivers: what they come to, and what is refused."""

import pytest

from kolla.backends import log_drivers
from kolla.settings import checks
from tests.unit.support.plugins import make_settings


def problems(folder, text: str) -> list[str]:
    found = checks.all_problems(make_settings(folder, f"[logs]\n{text}\n"))
    return [str(problem) for problem in found if "[logs]" in str(problem) or "log" in str(problem)]


@pytest.mark.parametrize("text", [
    "driver = local\ndriver_options = compress:false,mode:non-blocking,max-buffer-size:4m",
    "driver = journald\ndriver_options = tag:{{.ID}}",
    "driver = syslog\ndriver_options = syslog-address:tcp://192.0.2.1:514,syslog-facility:daemon",
    "driver = syslog\ndriver_options = syslog-tls-key:/etc/key.pem",
    "driver = vendor/driver:1.0\ndriver_options = whatever:1",
    "driver = none", "max_size = 1g\nmax_files = 1", "archives = 0\narchive_size = 100k",
])
def test_what_the_engine_takes_is_taken(tmp_path, text):
    assert problems(tmp_path, text) == []


@pytest.mark.parametrize("text, told", [
    ("driver = jsonfile", "there is no log driver 'jsonfile'"),
    ("driver = journalctl", "journald"),
    ("driver =", "there is no log driver ''"),
    ("driver = journald\ndriver_options = compress:true", "journald has no option 'compress'"),
    ("driver_options = complex:true", "json-file has no option 'complex'"),
    ("driver_options = max-size:1m", "max-size is set with [logs] max_size and max_files"),
    ("driver = splunk\ndriver_options = splunk-token:secret", "splunk-token is a secret"),
    ("driver = splunk\ndriver_options = tag:${web.password}", "takes in a secret"),
    ("driver_options = compress", "not a valid"),
    ("max_size = 50", "a size is a number with k, m or g, like 50m"),
    ("max_size = -1", "'-1' is not a valid size"),
    ("archive_size = 0m", "'0m' is not a valid size"),
    ("max_files = 0", "max_files"),
])
def test_what_cannot_be_is_refused_with_its_line(tmp_path, text, told):
    found = problems(tmp_path, text)
    assert found and any(told in problem for problem in found), found
    assert "kolla.conf:" in found[0]


def test_files_are_rotated_with_each_driver_that_writes_some():
    for driver in log_drivers.FILES:
        told = log_drivers.options(driver, "50m", 3, {})
        assert told == {"max-size": "50m", "max-file": "3"}
    assert log_drivers.options("local", "50m", 1, {})["compress"] == "false"


def test_journal_knows_the_container_and_its_generation():
    told = log_drivers.options("journald", "50m", 3, {"tag": "mine"})
    assert told == {"tag": "mine", "labels": "kolla.container,kolla.generation"}


@pytest.mark.parametrize("driver", log_drivers.PLACES)
def test_every_driver_has_a_place_where_its_lines_are(driver):
    place = log_drivers.place(driver, "web-g1")
    assert place and "{name}" not in place
