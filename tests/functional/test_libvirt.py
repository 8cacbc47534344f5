"""A real virtual machine goes on while what runs it is replaced, here without Nova."""

import contextlib
import shutil
from collections.abc import Iterator

import pytest

from tests.functional.conftest import NETWORK
from tests.functional.support import guest
from tests.functional.support.guest import INSTANCES, Ticks, domain, processes, ticking
from tests.functional.support.harness import Deployment, derive, run
from tests.functional.support.machine import machine
from tests.functional.support.watching import until

NAME = "nova-libvirt"
IMAGE = f"kolla/{NAME}:trixie"
LATER, EARLIER = "99.0", "9.0"
#: Seconds without a tick. The clock ticks every 0.1 seconds, on a machine that does nothing else.
UNNOTICED = 0.25
#: The names of virtual machines; two test runs at a time may share a machine.
CLOCK, NEWER = f"clock-{NETWORK}", f"newer-{NETWORK}"


@pytest.fixture(scope="module")
def versions(builder, engine) -> dict[str, str]:
    """Images that differ in their version only."""
    builder.only(NAME)
    guest.image()
    return {
        version: derive(
            engine, IMAGE, f"kolla-test/{NAME}:{version}",
            "USER 0", f"RUN echo {version} > /usr/share/kolla/version", "USER 42427",
            f"LABEL org.opencontainers.image.version={version}",
        )
        for version in (EARLIER, LATER)
    }


@pytest.fixture(scope="module", params=[
    "a machine with cgroups of version 2",
    pytest.param("this machine", marks=pytest.mark.exhaustive),
])
def hypervisor(request, engine, versions, tmp_path_factory) -> Iterator[Deployment]:
    """A host that runs nova-libvirt and nothing else."""
    for name in (CLOCK, NEWER):
        guest.end(name)  # a run that was killed leaves it behind
    with contextlib.ExitStack() as stack:
        place = engine
        if request.param != "this machine":
            place = stack.enter_context(machine(engine))
        host = Deployment(place, tmp_path_factory.mktemp("libvirt"), f"{NETWORK}.201").prepare()
        host.configure(f"[host]\nenabled = {NAME}\n", "10-host")
        host.kolla("host", "prepare", expect=None)
        host.kolla("set", "start")
        for name in (CLOCK, NEWER):
            stack.callback(guest.end, name)
        yield host


def virsh(host: Deployment, *arguments: str, expect: int | None = 0) -> str:
    return host.kolla("container", "exec", NAME, "--", "virsh", *arguments, expect=expect).stdout


def boot(host: Deployment, name: str) -> int:
    """Start a virtual machine, as Nova would; returns the number of its process."""
    folder = host.volume("nova") / "instances" / name
    folder.mkdir(parents=True)
    for part in ("kernel", "ramdisk"):
        shutil.copy(guest.FOLDER / part, folder)
    accelerator = host.volume("nova-libvirt-run") / "accelerator"
    until(accelerator.exists)
    kind = accelerator.read_text().strip()
    (folder / "domain.xml").write_text(domain(kind, name, INSTANCES / name))
    virsh(host, "define", str(INSTANCES / name / "domain.xml"))
    virsh(host, "start", name)
    until(lambda: b"tick" in console(host, name).read_bytes(), 120)
    (process,) = processes(name)
    return process


def console(host: Deployment, name: str):
    return host.volume("nova") / "instances" / name / "console.log"


def kill(host: Deployment) -> None:
    """kill -9 of the container, after which the engine starts it again."""
    with host.engine.client() as client:
        (container,) = client.containers.list(filters={"label": f"kolla.container={NAME}"})
        before = container.attrs["State"]["Pid"]
        run(*host.engine.inside(), "kill", "-KILL", str(before))
        until(lambda: pid(client, container.id) not in (0, before))
    host.kolla("container", "check", NAME, expect=None)


def pid(client, container: str) -> int:
    return client.api.inspect_container(container)["State"]["Pid"]


ACTIONS = {
    "is upgraded": lambda host: host.kolla(
        "container", "upgrade", NAME, "--image", f"kolla-test/{NAME}:{LATER}"),
    "is rolled back": lambda host: host.kolla("container", "rollback", NAME),
    "is restarted": lambda host: host.kolla("container", "restart", NAME),
    "is killed": kill,
}


@pytest.fixture(scope="module")
def running(hypervisor) -> int:
    """A virtual machine, by the number of its process."""
    return boot(hypervisor, CLOCK)


@pytest.mark.parametrize("what", ACTIONS)
def test_a_virtual_machine_does_not_notice_that_libvirt(what, hypervisor, running, noise):
    with ticking(console(hypervisor, CLOCK)) as ticks:
        ACTIONS[what](hypervisor)
    print(f"{what}: {ticks.gap:.3f} s, without: {noise.gap:.3f} s")
    assert ticks.gap <= max(UNNOTICED, 2 * noise.gap)
    assert processes(CLOCK) == [running]
    assert until(lambda: virsh(hypervisor, "domstate", CLOCK, expect=None).strip()) == "running"


@pytest.fixture(scope="module")
def noise(hypervisor, running) -> Ticks:
    """The ticks while nothing is replaced."""
    with ticking(console(hypervisor, CLOCK)) as ticks:
        hypervisor.kolla("container", "list")
        virsh(hypervisor, "list")
    return ticks


def test_libvirt_older_than_a_virtual_machine_is_refused(hypervisor, running):
    older = f"kolla-test/{NAME}:{EARLIER}"
    done = hypervisor.kolla("container", "upgrade", NAME, "--image", older, expect=1)
    assert f"{CLOCK} (libvirt " in done.stderr
    assert processes(CLOCK) == [running]
    assert virsh(hypervisor, "domstate", CLOCK).strip() == "running"


def test_a_rollback_below_a_virtual_machine_that_a_later_libvirt_has_started_is_refused(
    hypervisor, running
):
    """The libvirt of both images is the same: what they say of its version is what is compared."""
    later = f"kolla-test/{NAME}:{LATER}"
    hypervisor.kolla("container", "upgrade", NAME, "--image", later)
    newer, before = boot(hypervisor, NEWER), serving(hypervisor)
    refused = hypervisor.kolla("container", "rollback", NAME, expect=1).stderr
    assert f"{NEWER} (libvirt {LATER})" in " ".join(refused.split())
    assert f"{CLOCK} (" not in refused
    assert serving(hypervisor) == before
    assert (processes(CLOCK), processes(NEWER)) == ([running], [newer])
    virsh(hypervisor, "destroy", NEWER)
    hypervisor.kolla("container", "rollback", NAME)
    assert until(lambda: virsh(hypervisor, "domstate", CLOCK, expect=None).strip()) == "running"


def serving(host: Deployment) -> tuple:
    """Its generations, and the container that runs, with the time at which it was started."""
    history = host.kolla("container", "history", NAME, "-f", "json").json()
    with host.engine.client() as client:
        (found,) = client.containers.list(filters={"label": f"kolla.container={NAME}"})
        return [row["generation"] for row in history], found.id, found.attrs["State"]["StartedAt"]


def test_what_a_virtual_machine_lives_in_stays_until_it_has_ended(hypervisor, running):
    shown = hypervisor.kolla("container", "show", NAME, "-f", "json").json()
    assert [line for line in shown["in_use"] if f"({running})" in line] or shown["in_use"]
    with hypervisor.engine.client() as client:
        assert f"{NAME}-g1" in names(client)
        virsh(hypervisor, "destroy", CLOCK)
        hypervisor.kolla("container", "restart", NAME)
        hypervisor.kolla("container", "confirm", NAME)
        hypervisor.kolla("recover")
        assert f"{NAME}-g1" not in names(client)


def names(client) -> list[str]:
    return [container.name for container in client.containers.list(all=True)]
