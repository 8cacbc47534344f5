"""The same tree, launched by each backend: the engine has the same containers."""

import json
import pathlib
import re
import shutil

import pytest

from tests.functional.conftest import SYNTHETIC, new_deployment
from tests.functional.support import backends
from tests.functional.support.harness import Deployment

RIGHTS = SYNTHETIC.with_name("rights")

#: What differs between any two containers, or is a consequence of something that is compared.
PASSING = (
    "Id", "Created", "State", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath",
    "GraphDriver", "NetworkSettings",
)
#: A field of the configuration: whether a terminal was attached when it was made.
ATTACHED = ("AttachStdout", "AttachStderr")
#: Mounts are compared as the engine made them, not in the words they were asked for.
ASKED = {"HostConfig": ("Binds", "Mounts"), "Config": ("Volumes", *ATTACHED)}
#: Lists whose order means nothing.
UNORDERED = ("CapAdd", "CapDrop", "Devices", "SecurityOpt", "DeviceCgroupRules", "Ulimits")
#: What docker-compose 1.29 cannot express, the second where the host lacks a capability.
BEYOND_CLASSIC = ("rights-cgroup", "rights-all")
#: The capabilities 0 to 37.
KNOWN_TO_ALL = (1 << 38) - 1


def normal(found: dict, state_dir: str):
    """What counts of an answer of ``docker inspect``."""
    found = {key: value for key, value in found.items() if key not in PASSING}
    for section, names in ASKED.items():
        found[section] = {k: v for k, v in found[section].items() if k not in names}
    labels = found["Config"]["Labels"]
    for name in [name for name in labels if name.startswith("com.docker.compose.")]:
        del labels[name]
    spec = json.loads(labels["kolla.spec"])
    del spec["backend"]
    labels["kolla.spec"] = spec
    found["Config"]["Env"].sort()
    for name in UNORDERED:
        found["HostConfig"][name] = sorted(found["HostConfig"][name] or [], key=str)
    found["Mounts"] = sorted(
        ({**mount, "Mode": sorted(set(mount["Mode"].split(",")) - {"rw", "z", ""})}
         for mount in found["Mounts"]), key=lambda mount: mount["Destination"],
    )
    return json.loads(json.dumps(_without_nothing(found)).replace(state_dir, "STATE"))


def _without_nothing(value):
    """Where one asks for nothing and the other does not ask, it is the same."""
    if isinstance(value, dict):
        cleaned = {key: _without_nothing(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item not in (None, {}, [], "")}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value


def launched(deployment: Deployment) -> dict[str, dict]:
    with deployment.engine.client() as client:
        rows = client.api.containers(all=True)
        found = [client.api.inspect_container(row["Id"]) for row in rows]
    return {each["Name"]: normal(each, str(deployment.state_dir)) for each in found}


def assert_all_of_the_host(deployment: Deployment) -> None:
    """A privileged container has the capabilities that the host has and the engine knows of, its
    devices and its /sys.
    """
    ours = pathlib.Path("/proc/self/status").read_text()
    proof = "cat /proc/self/status; test -w /sys/kernel/profiling -a -c /dev/kmsg && echo all"
    inside = deployment.kolla("container", "exec", "rights-all", "--", "sh", "-c", proof).stdout
    bounding = int(re.search(r"CapBnd:\s+(\w+)", ours)[1], 16)
    effective = int(re.search(r"CapEff:\s+(\w+)", inside)[1], 16)
    # An engine of before Linux 5.8 knows the capabilities up to AUDIT_READ.
    assert effective & KNOWN_TO_ALL == bounding & KNOWN_TO_ALL and inside.endswith("all\n")


def prepare(deployment: Deployment, backend: str, address: str) -> None:
    deployment.install_plugin(SYNTHETIC)
    deployment.install_plugin(RIGHTS)
    without = ", ".join(BEYOND_CLASSIC) if backend == "docker-compose" else ""
    path = deployment.configure(
        f"[host]\nenabled = synthetic, rights\ndisabled = {without}\naddress = {address}\n"
        "[rights]\nsecret = it's \"a\" $ecret: ${HOME} \\\\ #\n"
        "[limits]\ncpus = all:1.5\nmemory = synthetic-http:0\n"
        "[synthetic-http/DEFAULT]\ndriver = one\ndriver = $$two\n", "10-host",
    )
    path.chmod(0o600)


@pytest.fixture(scope="module")
def directly(engine, synthetic_images, tmp_path_factory):
    """What direct launch makes, and the passwords and the address it was made with."""
    with new_deployment(engine, tmp_path_factory, "directly") as deployment:
        prepare(deployment, "docker", deployment.address)
        deployment.kolla("config", "passwords")
        deployment.kolla("set", "start")
        passwords = deployment.config_dir / "kolla.conf.d" / "passwords.conf"
        yield launched(deployment), passwords, deployment.address


@pytest.mark.parametrize("backend", ["compose", "docker-compose"])
def test_container_is_the_same_whoever_launched_it(directly, engine, tmp_path_factory, backend):
    wanted, passwords, address = directly
    backends.configuration(backend)
    with new_deployment(engine, tmp_path_factory, "compose", backend) as deployment:
        prepare(deployment, backend, address)
        shutil.copy(passwords, deployment.config_dir / "kolla.conf.d")
        deployment.kolla("set", "start")
        found = launched(deployment)
        if backend == "compose":
            assert_all_of_the_host(deployment)
    if backend == "docker-compose":
        beyond = {f"/{name}-g1" for name in BEYOND_CLASSIC}
        wanted = {name: each for name, each in wanted.items() if name not in beyond}
    assert set(found) == set(wanted) and len(found) >= 3
    for name, container in wanted.items():
        assert found[name] == container, name
