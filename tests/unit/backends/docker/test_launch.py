"""What the engine is told of the privileges of a container."""

import docker
import pytest

from kolla.backends.docker import launch
from kolla.plugin.instance import granted
from kolla.plugin import Privilege
from kolla.plugin.instance import Instance
from tests.unit.support.factory import make_spec


@pytest.fixture(scope="module")
def api():
    return docker.APIClient(base_url="unix:///nowhere", version="1.41")


def told(api, *privileges: tuple[str, str], lacking: tuple[str, ...] = (), **changes) -> dict:
    spec = make_spec(privileges=tuple(Privilege(kind, "", value) for kind, value in privileges))
    made = Instance("web-g1", "image", 42000, {}, {}, **granted(spec.privileges), **changes)
    return launch.arguments(api, launch.in_parts(made, lacking))["host_config"]


def test_nothing_is_granted_that_is_not_declared(api):
    config = told(api)
    assert config["CapDrop"] == ["ALL"] and config["SecurityOpt"] == ["no-new-privileges"]
    assert not {"CapAdd", "DeviceCgroupRules", "GroupAdd", "MaskedPaths"} & {
        key for key, value in config.items() if value is not None
    }


@pytest.mark.parametrize("kind, value, key, wanted", [
    ("device-rule", "c 10:232 rwm", "DeviceCgroupRules", ["c 10:232 rwm"]),
    ("group", "36", "GroupAdd", ["36"]),
    ("limit", "memlock=-1", "Ulimits", [{"Name": "memlock", "Soft": -1, "Hard": -1}]),
    ("new-privileges", "", "SecurityOpt", []),
])
def test_each_kind_of_privilege_is_passed_on(api, kind, value, key, wanted):
    assert told(api, (kind, value))[key] == wanted


def test_the_engine_is_told_of_system_paths_in_its_own_words(api):
    config = told(api, security=("systempaths=unconfined", "seccomp=unconfined"))
    assert config["SecurityOpt"] == ["no-new-privileges", "seccomp=unconfined"]
    assert config["MaskedPaths"] == config["ReadonlyPaths"] == []


def test_privileged_is_all_that_the_host_can_give(api):
    assert told(api, ("privileged", ""))["Privileged"] is True
    config = told(api, ("privileged", ""), lacking=("SYS_RESOURCE",), security=("apparmor=own",),
                  binds=(("/dev", "/dev", "rw,rslave"),))
    assert not config.get("Privileged")
    assert (config["CapAdd"], config["CapDrop"]) == (["ALL"], ["SYS_RESOURCE"])
    assert config["DeviceCgroupRules"] == ["a *:* rwm"]
    assert config["SecurityOpt"] == [
        "no-new-privileges", "apparmor=own", "label=disable", "seccomp=unconfined"
    ]
    assert config["Binds"] == ["/dev:/dev:rw,rslave", "/sys:/sys:rw,rprivate"]
    assert config["MaskedPaths"] == []
