"""Snapshots of every format there has been can be read for ever."""

import json
import pathlib

import pytest

from kolla.plugin import Check, File, Hold, HostMount, Privilege, Scratch, Strategy, Task, Volume
from kolla.plugin.spec import FORMAT, Spec
from tests.unit.support.factory import make_spec

SNAPSHOTS = pathlib.Path(__file__).parent / "snapshots"
#: What the snapshot of every format says.
WANTED = make_spec(
    strategy=Strategy.HANDOVER, command=("serve", "--all"), version="29.1.0",
    environment={"OS_DATABASE__CONNECTION": "mysql://web:${url:web.password}@db/web"},
    files=(
        File("/etc/web/key", "${web.token}", mode=0o600),
        File("/etc/web/policy.yaml", "rule: admin"),
    ),
    volumes=(Volume("web", "/var/lib/web"),),
    scratch=(Scratch("/run/kolla", "64m"), Scratch("/tmp", "1g")),
    host_mounts=(HostMount("/lib/modules", "/lib/modules", "loads them", True, "rslave"),),
    privileges=(Privilege("capability", "bridges", "NET_ADMIN"), Privilege("pid", "sees all")),
    security=("label=type:container_t",),
    log={"driver": "json-file", "max-size": "50m"},
    check=Check(("kolla-check", "-v"), 20, 5, 2, 90),
    drain=("kolla-drain",), drain_grace=600, stop_grace=15, confirms_itself=True,
    tasks={
        "bootstrap": (Task("schema", ("kolla-schema", "sync"), {"A": "${web.token}"}, 300),),
        "expand": (),
    },
    backend="compose",
)


@pytest.mark.parametrize("spec", [WANTED, make_spec(hold=Hold(("wait",), ("go",), 7))])
def test_a_spec_survives_its_json(spec):
    assert Spec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_snapshot_of_each_format_says_the_same(number):
    assert Spec.from_json((SNAPSHOTS / f"{number}.json").read_text()) == WANTED


def test_what_is_written_today_is_the_snapshot_of_the_latest_format():
    kept = json.loads((SNAPSHOTS / f"{FORMAT}.json").read_text())
    written = json.loads(WANTED.to_json())
    assert within(kept, written)


def within(kept, written) -> bool:
    """Whether a snapshot says what another one says, which may have further fields."""
    if isinstance(kept, dict):
        return all(name in written and within(kept[name], written[name]) for name in kept)
    if isinstance(kept, list):
        return len(kept) == len(written) and all(map(within, kept, written))
    return kept == written


def test_what_a_later_kolla_has_added_is_passed_over():
    text = json.dumps(json.loads(WANTED.to_json()) | {"format": FORMAT + 1, "moons": [1]})
    assert Spec.from_json(text) == WANTED


@pytest.mark.parametrize("text", ["[]", '{"format": 2, "files": 5}', "{}", "nothing"])
def test_what_is_no_snapshot_is_an_error_of_one_kind(text):
    with pytest.raises(ValueError):
        Spec.from_json(text)
