"""The script in Aodh's image; nothing is called."""

import os

import pytest
from requests import certs


@pytest.fixture
def notify(load, tmp_path, monkeypatch):
    """Run kolla-aodh-notifier beside these authorities: with which bundle aodh-notifier starts."""
    script = load("aodh", "bin", "kolla-aodh-notifier")
    started = []
    monkeypatch.setattr(script, "AUTHORITIES", tmp_path / "authorities.crt")
    monkeypatch.setattr(script, "TRUSTED", tmp_path / "trusted.crt")
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr(os, "execvp", lambda program, words: started.append(words))

    def run(authorities: str = "", option: str = "") -> str | None:
        if authorities:
            script.AUTHORITIES.write_text(authorities)
        if option:
            os.environ[script.OPTION] = option
        script.main()
        assert started == [["aodh-notifier"]]
        return os.environ.get(script.OPTION)

    return run


def test_alarms_reach_apis_of_the_cloud_and_all_that_they_reached_before(notify, tmp_path):
    assert notify("the authority of Heat\n") == str(tmp_path / "trusted.crt")
    with open(certs.where()) as known:
        assert (tmp_path / "trusted.crt").read_text() == known.read() + "the authority of Heat\n"


@pytest.mark.parametrize("authorities", ["", "\n\n"])  # those of APIs without TLS are empty
def test_without_tls_nothing_changes(notify, tmp_path, authorities):
    assert notify(authorities) is None
    assert not (tmp_path / "trusted.crt").exists()


def test_a_bundle_that_an_operator_names_stays(notify):
    assert notify("the authority of Heat\n", option="/etc/of-mine.crt") == "/etc/of-mine.crt"
