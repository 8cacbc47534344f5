"""Builds images whose inputs changed: parents first, several at a time."""

import functools
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kolla.catalog import releases
from kolla.catalog.catalog import Catalog
from kolla.catalog.naming import (
    LOCK, ROOT, SUITE, is_root, reference, root_reference, suite, tag, trials,
)
from kolla.deployment import Deployment
from kolla.errors import KollaError, said
from kolla.images import choice, client, graph, inputs, labels, pull, root, sbom
from kolla.images.built import Built, Outcome
from kolla.images.run import Job, Runner
from kolla.images.site import Site, private_files
from kolla.plugin import Image
from kolla.plugin.reports import ImageFacts
from kolla.settings import pulled
from kolla.store.state_dir import StateDir

#: The build arguments that name what an image is built on, as :func:`graph.bases` orders them.
BASES = ("PARENT", "BUILDER")

#: Called from any thread with the name of an image, its progress (``waiting``, ``building`` or
#: its outcome), and the last line of its log or the reason for the outcome.
Observer = Callable[[str, str, str], None]


def build(
    deployment: Deployment,
    names: Iterable[str],
    release: str,
    observer: Observer,
    no_cache: bool = False,
    refresh_base: bool = False,
) -> list[Built]:
    """Build these images and their bases, as far as their inputs have changed.

    Without names: the images of all containers that are enabled on this host. ``no_cache``
    rebuilds the named ones (or all), ``refresh_base`` the root images. KeyboardInterrupt ends
    the running builds; the results say so. Raises :class:`UsageError` for unknown names
    and :class:`KollaError` if nothing can be built here at all.
    """
    releases.require(deployment.installed.release_order, release)
    settings = deployment.settings
    settings.require_correct()
    names = list(names) or choice.of_host(settings, release)
    images = graph.with_bases(deployment.installed.images, names)
    for image in images:
        choice.require_release(image, release)
    afresh = {*(names if no_cache else ()), *(graph.roots(images) if refresh_base else ())}
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


class _Workshop:
    """One run of :func:`build`."""

    def __init__(
        self, deployment: Deployment, images: list[Image], release: str, observer: Observer,
        site: Site,
        secrets: Mapping[str, pathlib.Path], afresh: set[str], logs: pathlib.Path,
    ):
        value, self.settings = deployment.settings.value, deployment.settings
        self.backend, self.runner = deployment.backend, Runner()
        self.catalog = deployment.installed
        self.images = {image.name: image for image in images}
        self.release, self.observer, self.site, self.afresh = release, observer, site, afresh
        self.namespace = value("images", "namespace")
        self.base_images = root.base_images(deployment.settings)
        self.secrets = secrets
        self.client = client.Client(value("images", "docker_command"), value("docker", "url"))
        self.logs = logs
        # An engine that cannot be reached is reported once, not for every image.
        self.backend.image(root_reference(self.namespace))
        for name in [*graph.roots(images), *self.images]:
            observer(name, "waiting", "")

    def make(self, name: str) -> Built:
        """Build an image if its inputs have changed. Runs in a thread."""
        if self.runner.stopped:
            return self._end(name, Outcome.NOT_BEGUN, reason="interrupted")
        begun = time.monotonic()
        job = Job(
            self.runner, self.logs / f"{name}-{self._tag(name)}.log", self.site.mask,
            functools.partial(self.observer, name, "building"),
        )
        facts, reason = None, ""
        try:
            outcome, facts = self._root(name, job) if is_root(name) else self._image(name, job)
        except (KollaError, OSError) as error:
            outcome, reason = Outcome.FAILED, "; ".join(str(error).split("\n  "))
            if self.runner.stopped:
                outcome, reason = Outcome.INTERRUPTED, ""
        return self._end(
            name, outcome, size=facts.size if facts else 0, reason=reason,
            seconds=round(time.monotonic() - begun, 1), log=str(job.path) if job.begun else "",
        )

    def skip(self, name: str, culprit: str) -> Built:
        """An image that cannot be built because one of its ancestors is missing."""
        if self.runner.stopped:
            return self._end(name, Outcome.NOT_BEGUN, reason="interrupted")
        return self._end(name, Outcome.SKIPPED, reason=f"{culprit} failed")

    def _end(self, name: str, outcome: Outcome, **facts: Any) -> Built:
        built = Built(name, self._tag(name), outcome, **facts)
        self.observer(name, outcome, built.reason)
        return built

    def _tag(self, name: str) -> str:
        return suite(name) if is_root(name) else tag(self.images[name], self.release)

    # The images that have a Dockerfile

    def _image(self, name: str, job: Job) -> tuple[Outcome, ImageFacts | None]:
        image = self.images[name]
        target = reference(image, self.release, self.namespace)
        arguments = arguments_of(image, self.catalog, self.release, self.namespace)
        bases = [self._base(arguments[key]) for key in BASES if key in arguments]
        digest = inputs.of_image(
            image, self.settings, arguments, *(base.id for base in bases)
        )
        found = self.backend.image(target)
        if name not in self.afresh and found and found.labels.get(inputs.LABEL) == digest:
            return Outcome.UNCHANGED, found
        refreshed = labels.refreshed(bases[0].labels) or "" if bases else ""
        build = [f"--build-arg={key}={value}" for key, value in arguments.items()]
        build.append(str(image.folder))
        # Not by the id that the client writes, which differs on engines with
        # containerd's image store.
        trial = f"{trials(self.namespace)}{name}:{self._tag(name)}"
        try:
            if image.reference:
                self._pull(image, trial, job)
            else:
                self._first_build(image, trial, build, job)
            self._finish(image, trial, digest, refreshed, job)
        finally:
            self.backend.untag(trial)
        outcome = Outcome.PULLED if image.reference else Outcome.BUILT
        return outcome, self.backend.image(target)

    def _pull(self, image: Image, trial: str, job: Job) -> None:
        """Pull an image under a temporary name, with the labels of kolla.

        The engine's own certificates, and the logins of `docker login`, open the registry.
        """
        wanted = pulled.reference(self.settings, image)
        told = labels.options(labels.identity(image.name, self._tag(image.name)))
        anew = ["--pull"] if image.name in self.afresh else []
        try:
            self.client.build(
                [*anew, *told, f"--tag={trial}", "-"], job, dockerfile=f"FROM {wanted}\n"
            )
        except KollaError as error:
            if self.runner.stopped:
                raise
            raise pull.explained(wanted, error.message) from None

    def _base(self, reference: str) -> ImageFacts:
        """An image that another is built on."""
        facts = self.backend.image(reference)
        if facts is None:
            raise KollaError(f"{reference}, on which it is built, has disappeared")
        return facts

    def _first_build(self, image: Image, trial: str, build: list[str], job: Job) -> None:
        """Build the Dockerfile under a temporary name.

        A new name in its /etc/hosts has BuildKit run every RUN again. ``--no-cache`` would also
        empty the caches that the Dockerfile mounts, while other builds use them.
        """
        options = labels.options(labels.identity(image.name, self._tag(image.name)))
        options += [f"--tag={trial}"]
        anew = f"--add-host=anew-{time.time_ns()}:127.0.0.1"
        afresh = [anew] if image.name in self.afresh else []
        secrets = self._secrets(image)
        if not image.offline:
            self.client.build([*afresh, *options, *secrets, *build], job)
            return
        # Every time: the downloads of an earlier build may have been pruned.
        fetch = ["--target=fetch", anew, *secrets]
        self.client.build([*fetch, *options, *build], job)
        self.client.build([*afresh, *options, *build], job, network="none")

    def _secrets(self, image: Image) -> list[str]:
        """The options that pass secrets of this site: of the sources, those of its suite."""
        own = f"sources-{image.suite or SUITE}"
        return [
            f"--secret=id={'sources' if name == own else name},src={path}"
            for name, path in self.secrets.items()
            if name == own or not name.startswith("sources-")
        ]

    def _finish(
        self, image: Image, trial: str, digest: str, refreshed: str, job: Job
    ) -> None:
        """Add the labels and the bill of materials, which describe the first build."""
        name, read = image.name, functools.partial(self.backend.read_file, trial)
        version = (read(labels.VERSION_FILE) or b"").decode().strip() or self._version(image)
        bill = sbom.document(
            name, version, read(sbom.DEBIAN_PACKAGES) or b"", read(sbom.PYTHON_PACKAGES) or b""
        )
        told = labels.complete(
            name, self._tag(name), version, labels.revision(image.folder), digest, refreshed
        )
        target = reference(image, self.release, self.namespace)
        with tempfile.TemporaryDirectory(prefix="kolla-build-") as folder:
            pathlib.Path(folder, "sbom.json").write_text(bill)
            pathlib.Path(folder, "Dockerfile").write_text(
                f"FROM {trial}\nCOPY --chmod=0644 sbom.json {sbom.FILE}\n"
            )
            options = [*labels.options(told), f"--tag={target}"]
            self.client.build([*options, folder], job, network="none")

    def _version(self, image: Image) -> str:
        if image.reference:
            return pulled.version(pulled.reference(self.settings, image))
        return self._tag(image.name)

    # The root images

    def _root(self, name: str, job: Job) -> tuple[Outcome, ImageFacts | None]:
        target, refresh = root_reference(self.namespace, name), name in self.afresh
        found, base = self.backend.image(target), self.base_images.get(suite(name), "")
        if not refresh and found and root.is_current(found, suite(name), base):
            return Outcome.UNCHANGED, found
        root.make(self.client, self.site, suite(name), base, target, refresh, job)
        return Outcome.BUILT, self.backend.image(target)


def arguments_of(
    image: Image, catalog: Catalog, release: str, namespace: str
) -> dict[str, str]:
    """The build arguments of an image."""
    def tagged(name: str) -> str:
        above = catalog.images.get(name)
        if above:
            return reference(above, release, namespace)
        return root_reference(namespace, name)

    arguments = dict(zip(BASES, map(tagged, graph.bases(image))))
    if image.per_release:
        arguments["RELEASE"] = release
    users = {each.user for each in catalog.containers.values() if each.image == image}
    if len(users) == 1:
        arguments["KOLLA_UID"] = str(users.pop())
    return arguments


def _log_folder(state_dir: pathlib.Path) -> pathlib.Path:
    folder = StateDir(state_dir).build_logs
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise KollaError(
            f"the folder for the logs of builds cannot be made: {said(error)}",
            "run kolla as root, or name another [DEFAULT] state_dir",
        ) from None
    return folder
