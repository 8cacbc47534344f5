"""The sample configuration: every option of kolla and of the installed plugins."""

import io
from typing import IO

from oslo_config import cfg

from kolla.catalog import options

_HEADER = """\
# Every option of kolla and of the plugins that are installed, with its default.
#
# Options of a service itself go into a section [<container>/<its section>], or into
# [<project>/<its section>] for all containers of one project, for example:
#
# [glance-api/DEFAULT]
# debug = true

"""


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """All options by group, for oslo.config's generator (namespace ``kolla``)."""
    from kolla.catalog.catalog import Catalog

    return [(group, list(opts.values())) for group, opts in Catalog.load().options.items()]


def write(stream: IO[str]) -> None:
    """The output of ``oslo-config-generator --namespace kolla``, after an introduction."""
    from oslo_config import generator

    stream.write(_HEADER)
    conf = cfg.ConfigOpts()
    generator.register_cli_opts(conf)
    conf(["--namespace", "kolla", "--wrap-width", "90"], default_config_files=[],
         default_config_dirs=[])
    made = io.StringIO()
    generator.generate(conf, made)
    stream.write(_with_distributions(made.getvalue()))


def _with_distributions(text: str) -> str:
    """The sample with the distribution of each group of a third party.

    The generator names the namespace, which is the same for all of them.
    """
    from kolla.catalog.catalog import Catalog
    from kolla.catalog.discovery import KOLLA

    catalog = Catalog.load()
    owners: dict[str, str] = {}
    for container in catalog.containers.values():
        for group in container.options:
            owners.setdefault(group, catalog.distribution(container.name))
    for group in options.by_group():
        owners.pop(group, None)
    for group, owner in owners.items():
        if owner == KOLLA:
            continue
        heading = f"\n[{group}]\n\n#\n# From "
        text = text.replace(f"{heading}kolla\n", f"{heading}{owner}\n")
    return text
