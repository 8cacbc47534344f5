import errno
import os
import stat
import threading

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from oslo_config import cfg
from tests.unit.support.plugins import make_container, make_settings, make_web

from kolla.errors import KollaError
from kolla.plugin import File, secret
from kolla.settings import passwords

ALL = [("database", "password"), ("web", "password"), ("web", "token")]
PLACE = "kolla.conf.d/passwords.conf"


def fill_in(folder, text: str = "", *containers, **files) -> list[tuple[str, str]]:
    return passwords.fill_in(make_settings(folder, text, *containers, **files))


def values(folder) -> dict[tuple[str, str], str]:
    made = make_settings(folder, (folder / "kolla.conf").read_text())
    return {name: made.value(*name) for name in ALL}


def test_everything_missing_is_filled_in_and_readable_by_its_owner_only(tmp_path):
    assert fill_in(tmp_path) == ALL
    found = values(tmp_path)
    assert len(set(found.values())) == 3 and all(len(text) == 40 for text in found.values())
    assert stat.S_IMODE((tmp_path / PLACE).stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "kolla.conf.d") == ["passwords.conf"]
    assert make_settings(tmp_path).problems() == []


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    made = make_settings(tmp_path)
    monkeypatch.setattr(passwords.Path, "mkdir", refuse)
    with pytest.raises(KollaError, match="kolla.conf.d cannot be made: .*denied") as refused:
        passwords.fill_in(made)
    assert "as root" in refused.value.hint


def test_a_second_time_nothing_is_missing_and_nothing_is_written(tmp_path):
    fill_in(tmp_path)
    before = (tmp_path / PLACE).stat()
    assert fill_in(tmp_path) == []
    after = (tmp_path / PLACE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_what_is_set_in_any_file_is_never_replaced(tmp_path):
    fill_in(tmp_path, "[web]\npassword = mine\n", host="me", hosts_me="[web]\ntoken = yours\n")
    text = (tmp_path / PLACE).read_text()
    assert "token" not in text and text.count("password =") == 1


def test_comments_order_and_values_of_the_file_stay(tmp_path):
    fill_in(tmp_path, passwords="# ours\n[web]\n# hands off\npassword = mine\n\n[other]\n; x\n")
    lines = (tmp_path / PLACE).read_text().splitlines()
    assert lines[:4] == ["# ours", "[web]", "# hands off", "password = mine"]
    assert lines[4].startswith("token = ")
    assert lines[5:9] == ["", "[other]", "; x", ""]
    assert lines[9] == "[database]" and lines[10].startswith("password = ")


def test_an_empty_line_of_the_file_is_filled_in(tmp_path):
    fill_in(tmp_path, passwords="[web]\ntoken =\npassword = mine\n[web]\n")
    found = values(tmp_path)
    assert found["web", "password"] == "mine" and len(found["web", "token"]) == 40


def test_an_empty_line_elsewhere_is_named(tmp_path):
    with pytest.raises(KollaError, match=r"kolla.conf:2: \[web\] token is set to nothing"):
        fill_in(tmp_path, "[web]\ntoken =\n")


def test_only_plain_secrets_without_default_of_containers_that_run_here(tmp_path):
    mine = make_container("mine", options={"mine": (
        secret("yes", help=""), cfg.StrOpt("open"),
        cfg.StrOpt("optional", secret=True, default=""),
        cfg.StrOpt("odd", secret=True, regex="^#"), cfg.IntOpt("number", secret=True),
        cfg.MultiStrOpt("many", secret=True),
    )})
    made = make_settings(tmp_path, "[host]\nenabled = mine\n", mine, make_web())
    assert passwords.missing(made) == [("mine", "yes")]
    assert [name for _, name in passwords.to_be_brought(made)] == ["many", "number", "odd"]
    (note,) = [note for note in made.notes() if "odd" in note.message]
    assert note.message == "[mine] odd: no value is set, and kolla cannot make it up"


FORMS = ("hex:16", "base64:32", "fernet", "keys", "uuid", "ssh", "certificate")


def with_forms(**changes):
    return make_container("mine", options={
        "mine": (secret("plain", help=""), secret("bring", help="", form="none"),
                 *(secret(form.replace(":", "_"), help="", form=form) for form in FORMS)),
    }, **changes)


def test_a_secret_is_made_up_in_its_form_and_is_valid(tmp_path):
    names = passwords.fill_in(make_settings(tmp_path, "", with_forms()))
    assert len(names) == 8 and ("mine", "bring") not in names
    made = make_settings(tmp_path, "", with_forms())
    assert made.problems() == []
    assert len(made.value("mine", "hex_16")) == 32
    assert made.value("mine", "ssh").startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert made.value("mine", "certificate").startswith("-----BEGIN PRIVATE KEY-----\n")


def test_a_filled_in_key_of_several_lines_leaves_the_others_as_they_are(tmp_path):
    passwords.fill_in(make_settings(tmp_path, "", with_forms()))
    before = make_settings(tmp_path, "", with_forms()).value("mine", "ssh")
    made = make_settings(tmp_path, "", with_forms(), make_web())
    assert passwords.fill_in(made) == ALL
    assert make_settings(tmp_path, "", with_forms()).value("mine", "ssh") == before


def test_a_container_gets_the_public_half_of_an_ssh_key(tmp_path):
    mine = with_forms(files=(File("/keys", content="${public:mine.ssh} nova\n"),))
    passwords.fill_in(make_settings(tmp_path, "", mine))
    made = make_settings(tmp_path, "", mine)
    rendered = made.render(mine.files[0].content)
    assert rendered == "${public:mine.ssh} nova\n" and made.references(rendered) == ["mine.ssh"]
    assert made.reveal(rendered).startswith("ssh-ed25519 AAAA")


def test_a_container_gets_the_certificate_without_its_key(tmp_path):
    mine = with_forms(files=(File("/authority", content="${public:mine.certificate}\n"),))
    passwords.fill_in(make_settings(tmp_path, "", mine))
    made = make_settings(tmp_path, "", mine)
    told = made.reveal(made.render(mine.files[0].content))
    assert told.startswith("-----BEGIN CERTIFICATE-----\n") and "PRIVATE" not in told
    assert told.strip() in made.value("mine", "certificate")


@pytest.mark.parametrize("form", FORMS)
def test_a_value_of_another_form_is_a_problem_that_does_not_tell_it(tmp_path, form):
    name = form.replace(":", "_")
    made = make_settings(tmp_path, f"[mine]\n{name} = nonsense\n", with_forms())
    (problem,) = [each for each in made.problems() if name in each.message]
    assert (problem.line, "is not a valid" in problem.message) == (2, True)
    assert "nonsense" not in problem.message


@pytest.mark.parametrize("form", ["", "hex", "hex:0", "hex:-1", "fernet:2", "fernets"])
def test_a_form_that_does_not_exist_is_refused_where_it_is_declared(form):
    with pytest.raises(ValueError, match="secrets have no form .*; the forms are password, hex:N"):
        secret("key", help="", form=form)


def test_what_somebody_filled_in_meanwhile_is_kept(tmp_path):
    """Each has read the settings before the other one wrote."""
    both = [make_settings(tmp_path), make_settings(tmp_path)]
    results = [None, None]

    def fill(number: int) -> None:
        results[number] = passwords.fill_in(both[number])

    threads = [threading.Thread(target=fill, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [[], ALL]
    assert (tmp_path / PLACE).read_text().count(" = ") == 3


LINES = strategies.sampled_from([
    "# a comment", "", "[web]", "[database]", "[WEB]", "[else]", "password = kept", "token=kept",
    "password =", "x = 1", "   ", "; more",
])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.lists(LINES, max_size=12))
def test_whatever_the_file_looks_like_it_is_only_added_to(tmp_path, lines):
    text = "[else]\n" + "\n".join(lines) + "\n"
    before = make_settings(tmp_path, passwords=text)
    kept = {name: before.value(*name) for name in ALL if before.value(*name)}
    passwords.fill_in(before)
    after = make_settings(tmp_path)
    for name in ALL:
        assert after.value(*name) == kept.get(name, after.value(*name)) != ""
    written = (tmp_path / PLACE).read_text().splitlines()
    for line in lines:
        assert line in written or not line.strip() or line.startswith("password =")
