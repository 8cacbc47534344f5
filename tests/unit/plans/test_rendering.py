"""What the configuration makes of a declaration."""

import pytest
from oslo_config import cfg

from kolla.plans.rendering import build
from kolla.plugin import (
    Check, File, Hold, HostMount, HostNeed, Listen, Privilege, Scratch, Strategy, Volume,
)
from kolla.plugin.reports import ImageFacts
from tests.unit.support.plugins import make_container, make_settings

FREE = tuple(Privilege("unconfined", "", value)
             for value in ("seccomp", "systempaths", "apparmor", "label"))
FOR_ALL = "apparmor_profile = strict\nselinux_label = type:container_t\n"


@pytest.mark.parametrize("privileges, text, wanted", [
    ((), "", ()),
    ((), FOR_ALL, ("apparmor=strict", "label=type:container_t")),
    ((), FOR_ALL + "apparmor_profiles = web:own,other:free\n",
     ("apparmor=own", "label=type:container_t")),
    (FREE, FOR_ALL, ("apparmor=unconfined", "label=disable", "seccomp=unconfined",
                     "systempaths=unconfined")),
    (FREE[2:], FOR_ALL + "apparmor_profiles = web:own\nselinux_labels = web:type:spc_t\n",
     ("apparmor=own", "label=type:spc_t")),
])
def test_a_container_is_confined_by_its_own_options_its_plugin_or_as_all(
    tmp_path, privileges, text, wanted
):
    web = make_container("web", privileges=privileges)
    settings = make_settings(tmp_path, f"[engine]\n{text}", web)
    assert build(web, settings, ImageFacts("", "image"), "", "").security == wanted


def test_whatever_is_declared_of_how_a_container_runs_is_in_its_snapshot_rendered(tmp_path):
    declared = {
        "user": 7, "environment": {"A": "${host.address}"}, "check": Check(("look",)),
        "strategy": Strategy.HANDOVER, "command": ("serve",),
        "listens": (Listen("${host.address}", "80"),), "files": (File("/x", "${host.address}"),),
        "volumes": (Volume("${host.address}", "/v"),),
        "scratch": (Scratch("/s", "${monitor.parallel}m"),),
        "host_mounts": (HostMount("/${host.address}", "/m", "why"),),
        "privileges": (Privilege("group", "why", "${monitor.parallel}"),),
        "needs": (HostNeed("module", "m${monitor.parallel}", "why"),), "project": "nova",
        "hold": Hold(), "outlived_by": ("qemu",), "confirms_itself": True, "drain": ("wait",),
        "drain_grace": 5, "stop_grace": 6,
    }
    web = make_container("web", **declared)
    spec = build(web, make_settings(tmp_path, "", web), ImageFacts("", "image"), "", "")
    for name, value in declared.items():
        found = getattr(spec, name)
        assert "$" not in str(found)
        if "$" not in str(value):
            assert found == value
    assert spec.volumes == (Volume("127.0.0.1", "/v"),)
    assert spec.privileges == (Privilege("group", "why", "8"),)


@pytest.mark.parametrize("content", ["at ${host.address}", lambda cloud: "at ${host.address}"])
def test_a_file_of_an_operator_takes_the_place_of_what_the_plugin_puts_there(tmp_path, content):
    own = tmp_path / "own"
    own.write_text("costs $1")
    web = make_container(
        "web", files=(File("/x", content, option="web.file"),),
        options={"web": (cfg.StrOpt("file"),)},
    )

    def text(configuration: str) -> str:
        settings = make_settings(tmp_path, configuration, web)
        (file,) = build(web, settings, ImageFacts("", "image"), "", "").files
        return settings.reveal(file.text)

    assert text("") == "at 127.0.0.1"
    assert text(f"[web]\nfile = {own}\n") == "costs $1"
