"""The tree that exporters get: the containers as the configuration wants them."""

from kolla.catalog import naming
from kolla.deployment import Deployment
from kolla.plans.rendering import build
from kolla.plugin import Container
from kolla.plugin.export import Exported, Tree
from kolla.plugin.reports import ImageFacts
from kolla.plugin.spec import Spec


def tree(deployment: Deployment, containers: list[Container]) -> Tree:
    """The tree of these containers.

    Raises :class:`kolla.errors.KollaError` if anything in the configuration is wrong.
    """
    deployment.configuration.require_valid()
    catalog, settings = deployment.catalog, deployment.settings
    return Tree(
        settings.host,
        tuple(
            Exported(
                container, _spec(deployment, container), catalog.path(container.name),
                catalog.distribution(container.name),
            )
            for container in containers
        ),
        settings,
    )


def _spec(deployment: Deployment, container: Container) -> Spec:
    release = deployment.settings.value("DEFAULT", "release")
    namespace = deployment.settings.value("images", "namespace")
    image = naming.reference(container.image, release, namespace)
    return build(
        container, deployment.settings, ImageFacts(image, image),
        release if container.image.per_release else "", "",
    )
