"""While the configuration is not valid, what exists can be acted on; nothing new is made."""

import pytest

from kolla.deployment import Deployment
from kolla.store.records import RUNNING
from tests.unit.support.factory import make_spec

TYPO = "[DEFAULT]\nrelase = 2026.1\n"
MALFORMED = "[DEFAULT\nrelease = 2026.1\n"
WRONG_VALUE = "[engine]\nlock_timeout = soon\n"


@pytest.fixture
def lived(kolla):
    """A command line whose deployment was valid once, with a container on record."""
    with kolla.config.open("a") as file:
        file.write("[engine]\nlock_timeout = 7\nkeep_generations = 20\n")
    deployment = Deployment(kolla.config.parent)
    deployment.configuration.require_valid()
    deployment.configuration.keep(deployment.state_dir)
    deployment.store.begin("probe", make_spec(container="probe"), {}, "a test")
    deployment.store.commit("probe", 1)
    deployment.close()
    return kolla


def break_with(kolla, text: str) -> None:
    (kolla.config.parent / "kolla.conf.d").mkdir()
    (kolla.config.parent / "kolla.conf.d" / "late.conf").write_text(text)


@pytest.mark.parametrize("mistake", [TYPO, MALFORMED, WRONG_VALUE])
def test_a_mistake_is_told_and_what_exists_is_acted_on(lived, mistake):
    break_with(lived, mistake)
    answer = lived("container", "maintenance", "on", "probe")
    assert answer.code == 0
    assert "late.conf:" in answer.err and "goes on with the last valid one" in answer.err
    assert lived.store.container("probe").in_maintenance()


@pytest.mark.parametrize("command", [
    "container start probe", "container stop probe", "container restart probe",
    "container rollback probe", "container delete probe --yes", "recover",
    "container check probe", "container logs probe", "container exec probe",
])
def test_commands_for_an_emergency_get_as_far_as_the_engine(lived, command):
    break_with(lived, TYPO)
    assert "no-engine.sock" in lived(*command.split()).err.splitlines()[-2]


@pytest.mark.parametrize("command", [
    "container upgrade probe", "set upgrade", "plan", "image build", "image prune --dry-run",
    "container start guard", "config validate",
])
def test_what_makes_something_new_is_refused(lived, command):
    break_with(lived, TYPO)
    answer = lived(*command.split())
    assert answer.code == 1 and "late.conf:2: [DEFAULT] has no option 'relase'" in (
        answer.out + answer.err)


@pytest.mark.parametrize("command", [
    "container list", "set tree", "container history probe", "event list", "container show probe",
])
def test_files_that_cannot_be_read_do_not_hide_what_there_is(lived, command):
    break_with(lived, MALFORMED)
    answer = lived(*command.split())
    assert answer.code == 0 and "late.conf:1: Invalid section" in answer.err


def test_what_cannot_be_read_keeps_the_value_it_had(lived):
    text = lived.config.read_text().replace("lock_timeout", "lock_timout = 3\nno assignment")
    lived.config.write_text(text)
    deployment = Deployment(lived.config.parent)
    deployment.configuration.settle()
    assert deployment.settings.value("engine", "keep_generations") == 20
    assert deployment.settings.value("engine", "lock_timeout") == 7
    assert deployment.store.container("probe").target == RUNNING


def test_secrets_are_not_in_the_copy_and_are_read_from_todays_files(tmp_path):
    from tests.unit.support.plugins import make_catalog

    config = tmp_path / "etc" / "kolla.conf"
    config.parent.mkdir()
    config.touch(mode=0o600)
    text = (f"[DEFAULT]\nstate_dir = {tmp_path}\n[host]\naddress = 127.0.0.1\n"
            "[web]\npassword = hunter$2\ndebug = true\n"
            "[web/DEFAULT]\nadmin_password = swordfish\n")
    config.write_text(text)

    def deployment():
        made = Deployment(config.parent)
        made.installed = make_catalog()
        return made

    valid = deployment()
    valid.configuration.require_valid()
    valid.configuration.keep(valid.state_dir)
    copy = tmp_path / "last-valid.conf"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert "hunter" not in copy.read_text() and "swordfish" not in copy.read_text()
    config.write_text(text.replace("hunter$2", "rotated$2").replace("debug = true", "debgu = x"))
    broken = deployment()
    broken.configuration.settle()
    assert broken.settings.value("web", "debug") is True
    assert broken.settings.reveal("${web.password}") == "rotated$2"
    assert broken.settings.reveal("${web/DEFAULT.admin_password}") == "swordfish"


def test_without_a_valid_configuration_ever_there_is_nothing_to_go_on_with(kolla):
    break_with(kolla, TYPO)
    answer = kolla("recover")
    assert answer.code == 1 and "[DEFAULT] has no option 'relase'" in answer.err
    assert not kolla.state_dir.exists()


def test_an_option_of_the_command_line_alone_is_never_kept(kolla):
    deployment = Deployment(kolla.config.parent, overrides={"DEFAULT.release": "2026.2"})
    deployment.configuration.require_valid()
    deployment.configuration.keep(deployment.state_dir)
    assert not (kolla.state_dir / "last-valid.conf").exists()


def test_a_section_whose_heading_cannot_be_read_gives_nothing_to_its_neighbour(lived):
    break_with(lived, "[engine]\nlock_timeout = 5\n[hooks\nlock_timeout = 6\n[host]\n")
    from kolla.settings.sources import SourceFile

    file = SourceFile(lived.config.parent / "kolla.conf.d" / "late.conf")
    assert [(item.group, item.text) for item in file.assignments] == [("engine", "5")]
    assert [name for name, _ in file.sections] == ["engine", "host"]
    assert [problem.line for problem in file.problems] == [3]
