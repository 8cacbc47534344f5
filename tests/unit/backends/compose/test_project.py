"""The compose file of a host: what is in it, and what survives edits and accidents."""

import json
import os
import pathlib
import shutil

import pytest
import yaml

from kolla.backends.compose.project import CURRENT, KEPT, STOPPED, Project


@pytest.fixture
def project(tmp_path) -> Project:
    made = Project(tmp_path, "kolla", "here")
    for number in (1, 2, 3):
        lay_out(made, number)
    return made


def lay_out(project: Project, number: int) -> None:
    name = f"web-g{number}"
    folder = project.place(name)
    folder.mkdir(parents=True)
    content = {
        "services": {name: {"image": f"image-{number}"}},
        "x-kolla": {"path": ["control", "web"], "generation": number, "comments": ["web: x"]},
    }
    (folder / "compose.json").write_text(json.dumps(content))


def states(project: Project) -> dict[str, list[str]]:
    services = yaml.safe_load(project.file.read_text())["services"] or {}
    return {name: service.get("profiles", []) for name, service in services.items()}


def test_only_the_current_generation_is_in_no_profile(project):
    project.keep("web-g1", CURRENT)
    project.keep("web-g2", CURRENT)
    assert states(project) == {"web-g1": ["kept"], "web-g2": []}
    project.keep("web-g1", KEPT)
    project.keep("web-g2", STOPPED)
    assert states(project) == {"web-g1": ["kept"], "web-g2": ["stopped"]}
    project.drop("web-g1")
    assert states(project) == {"web-g2": ["stopped"]}


def test_what_has_lost_its_folder_is_no_longer_in_the_file(project):
    project.keep("web-g1", CURRENT)
    (project.place("web-g1") / "compose.json").unlink()
    project.keep("web-g2", CURRENT)
    assert states(project) == {"web-g2": []}


def test_what_compose_has_not_made_is_never_in_the_file(project):
    project.keep("other-g1", CURRENT)
    project.drop("other-g1")
    assert not project.file.exists()


def test_edited_file_is_put_aside_and_reported(project, caplog):
    project.keep("web-g1", CURRENT)
    text = project.file.read_text()
    project.file.write_text(text.replace("image-1", "mine"))
    project.notice()
    project.notice()
    assert [record.getMessage() for record in caplog.records] == [
        f"{project.file} was edited by hand, which changes nothing that kolla runs; kolla writes"
        " it anew with the next change and keeps yours beside it"
    ]
    project.keep("web-g1", CURRENT)
    (aside,) = project.folder.glob("compose.edited-*.yaml")
    assert "mine" in aside.read_text() and str(aside) in caplog.records[-1].getMessage()
    assert project.file.read_text() == text


def test_file_that_is_gone_or_broken_comes_back(project, caplog):
    project.keep("web-g1", CURRENT)
    text = project.file.read_text()
    project.file.unlink()
    project.keep("web-g1", CURRENT)
    assert project.file.read_text() == text and not caplog.records
    project.file.write_bytes(b"\xff{")
    project.keep("web-g1", CURRENT)
    assert project.file.read_text() == text and len(caplog.records) == 1


def test_lines_that_an_operator_adds_for_compose_in_the_folder_stay(project):
    project.keep("web-g1", CURRENT)
    env = project.folder / ".env"
    assert env.read_text() == "COMPOSE_PROJECT_NAME=kolla\n"
    env.write_text("COMPOSE_PROJECT_NAME=mine\n# mine\nCOMPOSE_PROFILES=kept")
    project.keep("web-g2", CURRENT)
    assert env.read_text() == "COMPOSE_PROJECT_NAME=kolla\n# mine\nCOMPOSE_PROFILES=kept"


def test_nothing_is_written_where_nothing_changes(project):
    project.keep("web-g1", CURRENT)
    before = project.file.stat().st_ino
    project.keep("web-g1", CURRENT)
    project.drop("web-g9")
    assert project.file.stat().st_ino == before


def test_what_a_killed_command_has_not_written_comes_with_the_next_change_of_anything(project):
    project.keep("web-g1", CURRENT)
    before = project.file.read_text()
    project.keep("web-g2", STOPPED)
    project.file.write_text(before)
    newest = project.file.stat().st_mtime_ns + 1_000_000
    os.utime(project.folder / "services.json", ns=(newest, newest))
    project.drop("another-g1")
    assert states(project) == {"web-g1": [], "web-g2": ["stopped"]}


def test_a_generation_that_compose_makes_anew_is_shown_as_it_is_now(project):
    project.keep("web-g1", CURRENT)
    made = project.place("web-g1") / "compose.json"
    made.write_text(made.read_text().replace("image-1", "image-9"))
    newest = project.file.stat().st_mtime_ns + 1_000_000
    os.utime(made, ns=(newest, newest))
    project.keep("web-g1", CURRENT)
    assert "image-9" in project.file.read_text()


def test_folder_that_goes_while_another_container_changes_is_no_failure(project, monkeypatch):
    """Clean-up of one container takes folders away without asking the project."""
    for number in (1, 2):
        project.keep(f"web-g{number}", CURRENT)
    gone, exists = project.place("web-g1"), pathlib.Path.exists

    def exists_and_goes(path, **options):
        found = exists(path, **options)
        if path.parent == gone:
            shutil.rmtree(gone, ignore_errors=True)
        return found

    monkeypatch.setattr(pathlib.Path, "exists", exists_and_goes)
    project.keep("web-g3", CURRENT)
    assert "web-g3" in states(project)


@pytest.mark.parametrize("broken", ["{", "[]", "null", "\x00"])
def test_broken_services_are_put_aside_and_do_not_stop_a_change(project, caplog, broken):
    project.keep("web-g1", CURRENT)
    (project.folder / "services.json").write_text(broken)
    project.keep("web-g2", CURRENT)
    (aside,) = project.folder.glob("services.edited-*.json")
    (message,) = (record.getMessage() for record in caplog.records)
    assert aside.read_text() == broken and str(aside) in message
    assert states(project) == {"web-g2": []}
    project.keep("web-g1", KEPT)
    assert states(project) == {"web-g1": ["kept"], "web-g2": []}


def test_services_that_mean_nothing_are_passed_over(project):
    (project.folder).mkdir()
    (project.folder / "services.json").write_text('{"web-g1": 5, "x": "current", "web-g2": []}')
    project.keep("web-g3", CURRENT)
    assert states(project) == {"web-g3": []}


@pytest.mark.parametrize("broken", ["{", "[]", "null", "{}", '{"services": {"web-g1": {}}}'])
def test_generation_that_cannot_be_read_is_left_out_with_one_warning(project, caplog, broken):
    project.keep("web-g1", CURRENT)
    (project.place("web-g1") / "compose.json").write_text(broken)
    project.keep("web-g2", CURRENT)
    project.keep("web-g3", CURRENT)
    assert [record.getMessage() for record in caplog.records] == [
        f"{project.place('web-g1')}/compose.json cannot be read: web-g1 is left out of"
        f" {project.file}"
    ]
    assert states(project) == {"web-g2": ["kept"], "web-g3": []}
