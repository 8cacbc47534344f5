"""What the configuration makes of a declaration."""

import pytest

from kolla.errors import KollaError
from kolla.plans.desired import build, refuse_release
from kolla.plugin import Privilege
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


def test_a_release_that_does_not_have_the_container_is_refused_with_the_way_on():
    bridge = make_container("bridge", releases=("2024.1", "2024.2"))
    refuse_release(bridge, "2024.2", current=1)
    with pytest.raises(KollaError, match="bridge is no part of 2025.1, only of 2024.1, 2024.2\n"
                                         ".*upgrade bridge --release 2024.2` has it stay there"):
        refuse_release(bridge, "2025.1", current=1)
    with pytest.raises(KollaError, match="--release, chooses a release; on a host that goes on"):
        refuse_release(bridge, "2025.1", current=None)


def test_a_container_of_all_releases_is_refused_none():
    refuse_release(make_container("web"), "2049.2", current=None)
