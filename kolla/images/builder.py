"""Builds images: what has changed, parents first, several at a time."""

import dataclasses
import functools
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping

from kolla.catalog import releases
from kolla.catalog.naming import (
    LOCK, ROOT, SUITE, reference, releases_of, root_reference, tag,
)
from kolla.errors import KollaError, UsageError
from kolla.images import client, graph, inputs, labels, root
from kolla.images.run import Job, Runner
from kolla.images.site import Site, private_files
from kolla.plugin import Image
from kolla.plugin.backend import ImageFacts
from kolla.store.state_dir import StateDir

#: The build arguments that name what an image is built on, as :func:`graph.bases` orders them.
BASES = ("PARENT", "BUILDER")

#: Told, from any thread, of an image's name, what happens to it (``waiting``, ``building`` or
#: its outcome) and the last line of its log, or the reason for the outcome.
Observer = Callable[[str, str, str], None]


@dataclasses.dataclass(frozen=True)
class Built:
    """What became of an image."""

    image: str
    #: Its tag: an OpenStack release or that of Debian.
    release: str
    #: built, unchanged, failed, skipped (its parent failed), interrupted, ``not begun``.
    outcome: str
    #: Bytes, with what it shares with its parents; 0 if there is no image.
    size: int = 0
    seconds: float = 0.0
    #: The path of the build's log; empty if nothing was built.
    log: str = ""
    reason: str = ""

    @property
    def usable(self) -> bool:
        return self.outcome in ("built", "unchanged")


def build(
    deployment,
    names: Iterable[str],
    release: str,
    observer: Observer,
    no_cache: bool = False,
    refresh_base: bool = False,
) -> list[Built]:
    """Build these images and what they are built on, as far as their inputs have changed.

    Without names: the images of all containers that are enabled on this host. ``no_cache``
    builds the named ones (or all) afresh, ``refresh_base`` the root image. KeyboardInterrupt
    ends what is being built; the results tell. Raises :class:`UsageError` for unknown names
    and :class:`KollaError` if nothing can be built here at all.
    """
    releases.parse(release)
    settings = deployment.settings
    settings.require_correct()
    names = list(names) or [container.image.name for container in settings.enabled()]
    images = graph.with_bases(deployment.installed.images, names)
    for image in images:
        require_release(image, release)
    afresh = {*(names if no_cache else ()), *([ROOT] if refresh_base else ())}
    site = Site.of(settings)
    logs = _log_folder(deployment.state_dir)
    tell = functools.partial(observer, ROOT, "waiting")
    alone = deployment.locks.hold(LOCK, "image build", tell)
    with alone, private_files(site.secrets()) as secrets:
        workshop = _Workshop(deployment, images, release, observer, site, secrets, afresh, logs)
        results = graph.walk(
            images, workshop.make, workshop.skip,
            jobs=settings.value("images", "jobs"), stop=workshop.runner.stop,
        )
    return list(results.values())


def require_release(image: Image, release: str) -> None:
    """Raise :class:`UsageError` if an image has no pins for a release, but for others."""
    known = releases_of(image)
    if known and release not in known:
        raise UsageError(
            f"{image.name} cannot be built for {release}, only for {', '.join(known)}",
            "`kolla config validate` checks [DEFAULT] release",
        )


class _Workshop:
    """One run of :func:`build`."""

    def __init__(
        self, deployment, images: list[Image], release: str, observer: Observer, site: Site,
        secrets: Mapping[str, pathlib.Path], afresh: set[str], logs: pathlib.Path,
    ):
        value = deployment.settings.value
        self.backend, self.runner = deployment.backend, Runner()
        self.images = {image.name: image for image in images}
        self.release, self.observer, self.site, self.afresh = release, observer, site, afresh
        self.namespace = value("images", "namespace")
        self.base_image = value("images", "base_image")
        self.secrets = [f"--secret=id={name},src={path}" for name, path in secrets.items()]
        self.client = client.find(value("images", "docker_command"))
        self.environment = client.environment(value("docker", "url"))
        self.logs = logs
        # An engine that cannot be reached is told of once, not for every image.
        self.backend.image(root_reference(self.namespace))
        for name in [ROOT, *self.images]:
            observer(name, "waiting", "")

    def make(self, name: str) -> Built:
        """Build an image if its inputs have changed. Runs in a thread."""
        if self.runner.stopped:
            return self._end(name, "not begun", reason="interrupted")
        begun = time.monotonic()
        job = Job(
            self.runner, self.logs / f"{name}-{self._tag(name)}.log", self.site.mask,
            functools.partial(self.observer, name, "building"),
        )
        facts, reason = None, ""
        try:
            outcome, facts = self._root(job) if name == ROOT else self._image(name, job)
        except (KollaError, OSError) as error:
            outcome, reason = "failed", "; ".join(str(error).split("\n  "))
            if self.runner.stopped:
                outcome, reason = "interrupted", ""
        return self._end(
            name, outcome, size=facts.size if facts else 0, reason=reason,
            seconds=round(time.monotonic() - begun, 1), log=str(job.path) if job.begun else "",
        )

    def skip(self, name: str, culprit: str) -> Built:
        """An image that cannot be built because one of its ancestors is missing."""
        if self.runner.stopped:
            return self._end(name, "not begun", reason="interrupted")
        return self._end(name, "skipped", reason=f"{culprit} failed")

    def _end(self, name: str, outcome: str, **facts) -> Built:
        built = Built(name, self._tag(name), outcome, **facts)
        self.observer(name, outcome, built.reason)
        return built

    def _tag(self, name: str) -> str:
        return SUITE if name == ROOT else tag(self.images[name], self.release)

    # The images that have a Dockerfile

    def _image(self, name: str, job: Job) -> tuple[str, ImageFacts]:
        image = self.images[name]
        target = reference(image, self.release, self.namespace)
        arguments = arguments_of(image, self.images, self.release, self.namespace)
        bases = [self._base(arguments[name]) for name in BASES if name in arguments]
        digest = inputs.digest(image.folder, arguments, *bases)
        found = self.backend.image(target)
        if name not in self.afresh and found and found.labels.get(inputs.LABEL) == digest:
            return "unchanged", found
        build = [f"--build-arg={key}={value}" for key, value in arguments.items()]
        build += [*self.secrets, str(image.folder)]
        version = self._first_build(name, build, job)
        told = labels.complete(
            name, self._tag(name), version, labels.revision(image.folder), digest
        )
        self._docker_build([*_label_options(told), f"--tag={target}", *build], job)
        return "built", self.backend.image(target)

    def _base(self, reference: str) -> str:
        """The id of an image that another is built on."""
        facts = self.backend.image(reference)
        if facts is None:
            raise KollaError(f"{reference}, on which it is built, has disappeared")
        return facts.id

    def _first_build(self, name: str, build: list[str], job: Job) -> str:
        """Build under a name of its own; the version that the image tells.

        The build that gives the image its tag has that for a label, and the rest from the cache.
        """
        # Not by the id that the client writes: that is another one on engines with
        # containerd's image store.
        trial = f"{self.namespace}-trial/{name}:{self._tag(name)}"
        options = [*_label_options(labels.identity(name, self._tag(name))), f"--tag={trial}"]
        options += ["--no-cache"] if name in self.afresh else []
        try:
            self._docker_build([*options, *build], job)
            version = self.backend.read_file(trial, labels.VERSION_FILE)
        finally:
            self.backend.untag(trial)
        return version.decode().strip() if version else self._tag(name)

    def _docker_build(self, options: list[str], job: Job, dockerfile: str = "") -> None:
        job.run(
            [self.client, "build", "--progress=plain", "--network=host", *options],
            self.environment, dockerfile,
        )

    # The root image

    def _root(self, job: Job) -> tuple[str, ImageFacts]:
        target = root_reference(self.namespace)
        found = self.backend.image(target)
        if ROOT not in self.afresh and found and root.is_current(found, self.base_image):
            return "unchanged", found
        told = labels.complete(
            ROOT, SUITE, SUITE, self.base_image or "mmdebstrap", root.digest(self.base_image)
        )
        if self.base_image:
            options = [*_label_options(told), f"--tag={target}"]
            options += ["--pull"] if ROOT in self.afresh else []
            self._pull([*options, "-"], job)
        else:
            self._bootstrap(target, told, job)
        return "built", self.backend.image(target)

    def _pull(self, options: list[str], job: Job) -> None:
        try:
            self._docker_build(options, job, f"FROM {self.base_image}\n")
        except KollaError as error:
            raise KollaError(
                f"{self.base_image} cannot be pulled: {error.message}",
                "[images] base_image names it; left empty, the image is made with mmdebstrap",
            ) from None

    def _bootstrap(self, target: str, told: Mapping[str, str], job: Job) -> None:
        with tempfile.TemporaryDirectory(prefix="kolla-build-") as folder:
            archive = pathlib.Path(folder, "debian.tar")
            root.bootstrap(self.site, archive, job)
            changes = [f'--change=LABEL {key}="{value}"' for key, value in told.items()]
            job.run([self.client, "import", *changes, str(archive), target], self.environment)


def arguments_of(
    image: Image, images: Mapping[str, Image], release: str, namespace: str
) -> dict[str, str]:
    """The build arguments of an image."""
    def tagged(name: str) -> str:
        above = images.get(name)
        return reference(above, release, namespace) if above else root_reference(namespace)

    arguments = dict(zip(BASES, map(tagged, graph.bases(image))))
    return {**arguments, "RELEASE": release} if image.per_release else arguments


def _label_options(told: Mapping[str, str]) -> list[str]:
    return [f"--label={key}={value}" for key, value in told.items()]


def _log_folder(state_dir: pathlib.Path) -> pathlib.Path:
    folder = StateDir(state_dir).build_logs
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise KollaError(
            f"the folder for the logs of builds cannot be made: {error}",
            "run kolla as root, or name another [DEFAULT] state_dir",
        ) from None
    return folder
