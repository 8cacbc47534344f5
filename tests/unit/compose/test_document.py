"""The compose file: what is in it, and how an edited one is told from one that is not."""

import json
import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from kolla.compose import document, dotenv
from kolla.compose.document import Entry
from kolla.compose.service import service, spec_labels, volumes
from kolla.plugin.instance import Instance
from tests.unit.support.factory import make_spec


def instance(**changes) -> Instance:
    values = {
        "name": "web-g7", "image": "sha256:abc", "user": 42000,
        "environment": {"PORT": "80", "PASSWORD": "a$b"}, "secrets": frozenset({"PASSWORD"}),
        "labels": {"kolla.container": "web", "kolla.spec": make_spec(command=["$x"]).to_json()},
        "binds": (("/srv/own", "/var/lib/kolla", "rw"),), "volumes": (("web", "/var/lib/web"),),
        "scratch": {"/tmp": "64m"},
    }
    return Instance(**{**values, **changes})


def test_secret_is_not_in_the_service_and_dollars_are_doubled():
    made = service(instance(command=("run", "$HOME")), "/srv/secrets.env", "/srv/labels.json")
    assert made["environment"] == {"PORT": "80"}
    assert made["env_file"] == ["/srv/secrets.env"]
    assert made["command"] == ["run", "$$HOME"]
    assert "a$" not in json.dumps(made)


def test_spec_is_in_a_file_of_its_own():
    made = service(instance(), labels="/srv/labels.json")
    assert made["labels"] == {"kolla.container": "web"}
    assert made["extends"] == {"file": "/srv/labels.json", "service": "labels"}
    label = spec_labels(instance())["services"]["labels"]["labels"]["kolla.spec"]
    assert label.replace("$$", "$") == make_spec(command=["$x"]).to_json()


def test_service_has_no_more_rights_than_it_was_granted():
    plain = service(instance())
    assert (plain["read_only"], plain["cap_drop"]) == (True, ["ALL"])
    assert not {"privileged", "pid", "ipc", "cgroup", "devices", "cap_add"} & set(plain)
    granted = service(instance(
        privileges=frozenset({"privileged", "pid", "ipc", "cgroup", "root", "writable-root"}),
        capabilities=("NET_ADMIN",), devices=("/dev/kvm",), device_rules=("c 10:232 rwm",),
        groups=("36",), ulimits={"memlock": -1}, limits={"files": 9},
    ))
    assert granted["device_cgroup_rules"] == ["c 10:232 rwm"] and granted["group_add"] == ["36"]
    assert granted["ulimits"] == {"nofile": 9, "memlock": -1}
    assert granted["user"] == "0:0" and granted["privileged"] is True
    assert {granted[key] for key in ("pid", "ipc", "cgroup")} == {"host"}
    assert granted["cap_add"] == ["NET_ADMIN"] and granted["devices"] == ["/dev/kvm"]
    assert not {"read_only", "cap_drop"} & set(granted)


def test_volumes_of_a_deployment_are_spared_by_down():
    made = service(instance())
    assert volumes([made]) == {"volumes": {"web": {"name": "web", "external": True}}}
    assert volumes([made], external=False) == {"volumes": {"web": {"name": "web"}}}


@given(st.dictionaries(
    st.from_regex(r"[A-Z_]+", fullmatch=True),
    st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")),
))
def test_every_value_comes_back_from_the_file_as_a_string(environment):
    entry = Entry("web-g1", {"environment": environment}, ("control", "web"))
    text = document.render([entry], "About it")
    assert yaml.safe_load(text)["services"]["web-g1"]["environment"] == environment


@given(st.text(st.characters(exclude_categories=("Cs",))))
@example("Cloud \U0001f600")
@example("\x7f\x80\x85\x9f\u2028\ufeff\uffff\\ud83d\\")
def test_every_text_is_the_same_for_readers_of_json_and_of_yaml(text):
    written = document.plain_json({"text": text})
    assert json.loads(written) == yaml.safe_load(written) == {"text": text}
    assert not re.search(rb"(?<!\\)(\\\\)*\\ud[89a-f]", written), "YAML knows no surrogates"


@pytest.mark.parametrize("text", ["1e3", "no", "0o17", "12:30:45", "~", "1_000", ".inf", "y"])
def test_no_reader_of_yaml_takes_a_text_for_something_else(text):
    entry = Entry("web-g1", {"environment": {"A": text}}, ("control", "web"))
    assert f'A: "{text}"' in document.render([entry], "")


def test_file_is_the_same_whatever_the_order_and_shows_the_sets():
    entries = [
        Entry("web-g10", {"image": "x"}, ("control", "api", "web"), 10, ("web: serves",)),
        Entry("web-g9", {"image": "x"}, ("control", "api", "web"), 9),
        Entry("db-g1", {"image": "x"}, ("base", "db"), 1),
    ]
    text = document.render(entries, "About\n\nit")
    assert text == document.render(entries[::-1], "About\n\nit")
    assert list(yaml.safe_load(text)["services"]) == ["db-g1", "web-g9", "web-g10"]
    assert "  # ---- control / api\n" in text and "  # web: serves\n" in text


def test_no_line_of_a_summary_becomes_a_part_of_the_services():
    entry = Entry("web-g1", {"image": "x"}, ("web",), 1, ("web: a\n  evil:\n    image: y", "z"))
    text = document.render([entry], "About it")
    assert list(yaml.safe_load(text)["services"]) == ["web-g1"]
    assert "  # web: a\n  #   evil:\n  #     image: y\n  # z\n  web-g1:\n" in text


def test_any_edit_shows():
    text = document.render([], "About it")
    assert document.untouched(text)
    for edited in (text + "\n", text.replace("About", "about"), "", text[1:], "services: {"):
        assert not document.untouched(edited)


@pytest.mark.parametrize("value, compose, classic", [
    ("plain", "'plain'", "'plain'"),
    ("it's $HOME", r"'it\'s $HOME'", r"'it\'s $HOME'"),
    ("${x}", "'${x}'", "'${:-$}{x}'"),
    ("end\\", '"end\\\\"', "'end\\${:-}'"),
    ("\\'$", r'''"\\'\$"''', r"""'\${:-}\'$'"""),
    ("a\\\\b", r"'a\\b'", r"'a\${:-}\b'"),
])
def test_secret_is_written_for_who_reads_it(value, compose, classic):
    assert dotenv.text({"A": value}) == f"A={compose}\n"
    assert dotenv.text({"A": value}, classic=True) == f"A={classic}\n"
