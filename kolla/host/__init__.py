"""Checks of this host: whether it has what a deployment needs, and how to get the rest."""

import os
import pathlib
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping

from kolla import network
from kolla.backends.docker.powers import powers
from kolla.errors import KollaError
from kolla.host import confinement, needs
from kolla.host.findings import Finding, State
from kolla.images import client
from kolla.plugin.reports import Stranger
from kolla.settings import Settings
from kolla.times import age

GIB = 1024**3
#: Bytes of free space below which images cannot be built, or the state cannot be written.
ENGINE_MINIMUM = 5 * GIB
STATE_MINIMUM = GIB // 4
#: Bytes of free space below which a warning is due.
ENGINE_COMFORT = 15 * GIB
STATE_COMFORT = GIB
PYTHON = (3, 11)
#: Seconds.
DAY = 86400
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def examine(
    settings: Settings,
    running: Callable[[], Mapping[str, str | None]],
    strangers: Callable[[], list[Stranger]],
) -> Iterator[Finding]:
    """Check this host against its configuration; changes nothing.

    ``running`` names the containers that kolla runs here now, each with the time when
    the Debian packages of its image were fetched (None: not known). ``strangers`` names
    containers that only look like kolla's.
    """
    yield python()
    engine = settings.value("docker", "url")
    facts, answer = engine_facts(engine)
    yield answer
    if facts:
        yield live_restore(facts)
        yield confinement.limits(facts)
        if able := powers(engine):
            yield confinement.capabilities(able)
            yield confinement.open_files(able, settings)
        yield from confinement.sandbox(facts)
    yield from confinement.units()
    if settings.value("backend", "driver") in ("compose", "fig"):
        yield compose(settings.value("compose", "command"))
    yield builder(settings.value("images", "docker_command"))
    if not settings.value("images", "base_image"):
        yield debian_bootstrap()
    yield cgroups()
    yield from needs.examine(settings)
    yield from listens(settings, running if facts else None)
    yield from certificates_end(settings)
    if facts:
        yield from foreign(strangers)
        yield from packages(running(), settings.value("images", "max_age"))
    if facts and engine.startswith("unix://"):
        root = pathlib.Path(facts["DockerRootDir"])
        yield disk("disk of the engine", root, ENGINE_MINIMUM, ENGINE_COMFORT)
    state = pathlib.Path(settings.value("DEFAULT", "state_dir"))
    yield disk("disk of the state", state, STATE_MINIMUM, STATE_COMFORT)


def python() -> Finding:
    """The version of Python; a much older one fails before it gets here."""
    state = State.OK if sys.version_info >= PYTHON else State.MISSING
    advice = "" if state is State.OK else "install Python 3.11 or newer"
    return Finding("python", state, platform.python_version(), advice)


def engine_facts(url: str) -> tuple[dict, Finding]:
    """The engine's own facts; empty if it does not answer."""
    import docker
    import requests

    from kolla.backends.docker.connection import root_cause, tell_of_another

    tell_of_another(url, os.environ.get("DOCKER_HOST", ""))
    try:
        api = docker.APIClient(base_url=url, version="auto", timeout=10)
        facts = api.info()
        api.close()
    except (docker.errors.DockerException, requests.RequestException) as error:
        return {}, Finding(
            "engine", State.MISSING, f"nothing answers at {url}: {root_cause(error)}",
            "apt-get install docker.io; systemctl start docker (or run dockerd); "
            "[docker] url names another engine",
        )
    found = f"{facts['ServerVersion']}, {facts['Driver']}, at {url}"
    return facts, Finding("engine", State.OK, found)


def live_restore(facts: dict) -> Finding:
    """Whether containers keep running while the engine is restarted or upgraded."""
    if facts.get("LiveRestoreEnabled"):
        return Finding("live-restore", State.OK, "containers outlive a restart of the engine")
    return Finding(
        "live-restore", State.WARNING, "a restart of the engine restarts every container",
        'put "live-restore": true into /etc/docker/daemon.json, then systemctl reload docker '
        "(or send SIGHUP to dockerd)",
    )


def compose(command: str) -> Finding:
    """A compose program that the compose backend can use."""
    from kolla.backends.compose.command import find

    try:
        found = find(command)
        return Finding("compose", State.OK, f"{found.program}, {found.version}")
    except KollaError as error:
        return Finding("compose", State.MISSING, error.message, error.hint)


def builder(command: str) -> Finding:
    """A docker client that can do BuildKit."""
    try:
        return Finding("image builds", State.OK, f"{client.find(command)} can do BuildKit")
    except KollaError as error:
        return Finding("image builds", State.MISSING, error.message, error.hint)


def debian_bootstrap() -> Finding:
    """mmdebstrap, with which the base image is made."""
    if path := shutil.which("mmdebstrap"):
        return Finding("mmdebstrap", State.OK, path)
    return Finding(
        "mmdebstrap", State.MISSING, "not installed; the base image is made with it",
        "apt-get install mmdebstrap, or pull the base image: [images] base_image",
    )


def cgroups() -> Finding:
    """The control groups of the kernel, which containers need."""
    if (CGROUPS / "cgroup.controllers").exists():
        return Finding("cgroups", State.OK, "version 2")
    if (CGROUPS / "memory").is_dir():
        return Finding("cgroups", State.OK, "version 1")
    return Finding(
        "cgroups", State.MISSING, f"nothing is mounted at {CGROUPS}",
        f"mount -t cgroup2 cgroup2 {CGROUPS}, or apt-get install cgroupfs-mount",
    )


def packages(running: Mapping[str, str | None], max_age: int) -> Iterator[Finding]:
    """The age of the Debian packages in running images, in days; ``max_age`` 0: any."""
    ages = {name: age(at) // DAY for name, at in running.items() if at is not None}
    if not ages:
        return
    subject, found = "packages of images", f"{max(ages.values()):.0f} days old at most"
    old = sorted(name for name, days in ages.items() if max_age and days > max_age)
    if old:
        yield Finding(
            subject, State.WARNING, f"{found}; more than {max_age}: {', '.join(old)}",
            "`kolla image build --refresh-base`, then `kolla set upgrade all`",
        )
    else:
        yield Finding(subject, State.OK, found)


def listens(
    settings: Settings, running: Callable[[], Mapping[str, str | None]] | None
) -> Iterator[Finding]:
    """The addresses and ports that containers of this host bind: free, or already theirs.

    ``running`` is None while the engine does not answer.
    """
    ours: Mapping[str, str | None] | None = None
    for container in settings.enabled():
        for listen in settings.listens(container):
            subject = f"port {listen.port} of {container.name}"
            where = f"{listen.address}:{listen.port}"
            problem = network.problem(listen.address, int(listen.port), listen.floating)
            if problem is None:
                yield Finding(subject, State.OK, f"{where} is free")
                continue
            if problem.taken and running is None:
                yield Finding(
                    subject, State.WARNING, f"{where} {problem}",
                    f"only the engine can tell whether that is {container.name} itself",
                )
                continue
            if problem.taken and running and ours is None:
                ours = running()
            if problem.taken and ours and container.name in ours:
                yield Finding(subject, State.OK, f"{where} is {container.name}'s")
            else:
                yield Finding(subject, State.MISSING, f"{where} {problem}", problem.advice)


def foreign(strangers: Callable[[], list[Stranger]]) -> Iterator[Finding]:
    """Containers that carry labels of kolla, and that kolla leaves alone."""
    try:
        for found in strangers():
            yield Finding(
                f"container {found.name}", State.WARNING, f"{found.why}: kolla leaves it alone",
                f"`docker inspect {found.name}` shows it, `docker rm -f {found.name}` removes it",
            )
    except KollaError as error:  # the state file says which containers are kolla's
        yield Finding("state file", State.MISSING, error.message, error.hint)


def certificates_end(settings: Settings) -> Iterator[Finding]:
    """The certificates in use, and when they end."""
    from kolla.settings import certificates

    for name, path in certificates.in_use(settings):
        subject = f"certificate of {name}"
        try:
            days = certificates.days_left(path)
        except KollaError as error:
            yield Finding(subject, State.MISSING, error.message, "kolla config certificates")
            continue
        soon = days < settings.value("certificates", "renew_days")
        yield Finding(
            subject, State.WARNING if soon else State.OK, f"{path} ends in {days} days",
            "kolla config certificates; kolla set upgrade all" if soon else "",
        )


def disk(subject: str, path: pathlib.Path, minimum: int, comfort: int) -> Finding:
    """Free space at a path, or at the nearest folder above it that exists."""
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    found = f"{free / GIB:.1f} GiB free at {path}"
    if free >= comfort:
        return Finding(subject, State.OK, found)
    state = State.WARNING if free >= minimum else State.MISSING
    return Finding(subject, state, found, f"make room: {comfort / GIB:.0f} GiB are comfortable")
