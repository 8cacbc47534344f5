"""What the configuration and an operator's command ask of a container."""

from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.errors import KollaError
from kolla.images.options import options_of
from kolla.plans.plan import State
from kolla.plans.refusals import refuse_downgrade, refuse_jump, refuse_release
from kolla.plans.rendering import build
from kolla.plugin import Container
from kolla.plugin.reports import ImageFacts
from kolla.plugin.spec import Spec
from kolla.settings.option_values import split

VERSION = "org.opencontainers.image.version"
#: The label of an image that names those of ``Image.options`` that it knows.
OPTIONS_LABEL = "kolla.options"


def spec(
    deployment: Deployment, container: Container, state: State,
    release: str | None = None, image: str | None = None, preview: bool = False,
) -> Spec:
    """The spec wanted now. With ``preview`` nothing is made on the engine.

    Raises :class:`KollaError` if the image is missing, if the service does not know an option
    that is set, or if no change leads to that release or version.
    """
    pin = state.record
    wanted = release or pin.release_pin or deployment.settings.value("DEFAULT", "release")
    current = state.current if state.current in state.generations else None
    if release and current and container.image.per_release:
        refuse_jump(deployment, container, state, release)
    reference = image or (pin.image_pin if not release else None)
    if not reference:
        refuse_release(container, wanted, current)
    facts = deployment.backend.image(reference or name_of_image(deployment, container, wanted))
    if facts is None:
        raise _missing(deployment, container, wanted, reference)
    of_image = facts.labels.get("kolla.release", wanted) if container.image.per_release else ""
    version = facts.labels.get(VERSION, "")
    refuse_release(container, of_image, current)
    if current and not image:
        refuse_jump(deployment, container, state, of_image)
    if current:
        refuse_downgrade(container, state.spec(current).version, version)
    _judge_image(deployment, container, facts)
    _judge_options(deployment, container, facts.id, preview)
    return build(
        container, deployment.settings, facts, of_image, version, deployment.backend.name
    )


def _judge_image(deployment: Deployment, container: Container, facts: ImageFacts) -> None:
    """Refuse an image that would ignore an option that is set."""
    known, settings = facts.labels.get(OPTIONS_LABEL, "").split(","), deployment.settings
    for name in container.image.options:
        group, option = split(name)
        is_default = settings.value(group, option) == settings.option(group, option).default
        if name not in known and not is_default:
            what = f"the image {facts.reference} is of an earlier kolla and does not know it"
            raise KollaError(
                f"{container.name}: {settings.blame(group, option, what)}",
                f"{_how_to_build(container, facts.labels.get('kolla.release', ''))}, or take the"
                " option out",
            )


def _judge_options(
    deployment: Deployment, container: Container, image_id: str, preview: bool
) -> None:
    settings = deployment.settings
    lists, nothing_set = settings.option_lists, not settings.service_options(container)
    if nothing_set and lists.is_chosen(image_id, container.name):
        return
    if preview:  # to read the list of an image takes a container on the engine
        known = lists.of_image(image_id)
    else:
        known = options_of(deployment, image_id, container)
    if known is not None:
        settings.learn(container.name, known)
    deployment.configuration.require_valid(container, known)


def _missing(
    deployment: Deployment, container: Container, release: str, reference: str | None
) -> KollaError:
    if reference:
        return KollaError(
            f"the engine has no image {reference}, which {container.name} is to run",
            "build it or load it, or choose another with --release or --image",
        )
    name = name_of_image(deployment, container, release)
    known = naming.releases_of(container.image)
    hint = _how_to_build(container, release)
    if container.image.per_release and known and release not in known:
        hint = f"it can be built for {', '.join(known)}; choose one of them, or load an image"
    return KollaError(f"the image {name} is not built", hint)


def _how_to_build(container: Container, release: str) -> str:
    option = f" --release {release}" if release and container.image.per_release else ""
    return f"`kolla image build {container.image.name}{option}`"


def name_of_image(deployment: Deployment, container: Container, release: str) -> str:
    namespace = deployment.settings.value("images", "namespace")
    return naming.reference(container.image, release, namespace)
