"""How the root image is made of Debian's packages."""

import pytest

from kolla.errors import KollaError
from kolla.images import root
from kolla.images.site import Site


class Recorder:
    """Notes what it is to run; the log says what a program said that failed."""

    def __init__(self, path, said: str = ""):
        self.path, self.said = path, said
        self.commands: list[list[str]] = []

    def run(self, argv, environment, text=""):
        self.commands.append(argv)
        if self.said:
            self.path.write_text(f"I: begins\n{self.said}\n")
            raise KollaError(self.said)


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setattr(root, "KEYRING", "/dev/null")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")

    def made(said: str = "") -> list[list[str]]:
        job = Recorder(tmp_path / "log", said)
        root.bootstrap(Site(), "trixie", tmp_path / "debian.tar", "2026-11-27T00:00:00", job)
        return job.commands

    return made


def test_what_fetches_debian_runs_nothing_of_it_and_what_installs_it_has_no_network(make):
    fetch, install = make()
    # This variant of mmdebstrap neither unpacks nor installs.
    assert "--variant=custom" in fetch and "--download-only" in " ".join(fetch)
    assert install[:3] == ["unshare", "--net", "mmdebstrap"] and "--skip=update" in install


@pytest.mark.parametrize("said, advice", [
    ("E: Failed to fetch http://mirror.example/debian", "debian_mirror"),
    ("E: The following signatures couldn't be verified: NO_PUBKEY 1", "debian-archive-keyring"),
    ("unshare: unshare failed: Operation not permitted", "[images] base_image"),
])
def test_a_failure_says_what_to_do(make, said, advice):
    with pytest.raises(KollaError) as failed:
        make(said)
    assert failed.value.message == said
    assert advice in failed.value.hint
