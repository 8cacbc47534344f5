"""The sample configuration: every option of kolla and of the installed plugins."""

from typing import IO

from oslo_config import cfg

_HEADER = """\
# Every option of kolla and of the plugins that are installed, with its default.
#
# Options of a service itself go into a section [<container>/<its section>], for example:
#
# [glance-api/DEFAULT]
# debug = true

"""


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """All options by group, for oslo.config's generator (namespace ``kolla``)."""
    from kolla.catalog.catalog import Catalog

    return [(group, list(opts.values())) for group, opts in Catalog.load().options.items()]


def write(stream: IO[str]) -> None:
    """What ``oslo-config-generator --namespace kolla`` writes, and how it is used."""
    from oslo_config import generator

    stream.write(_HEADER)
    conf = cfg.ConfigOpts()
    generator.register_cli_opts(conf)
    conf(["--namespace", "kolla", "--wrap-width", "90"], default_config_files=[],
         default_config_dirs=[])
    generator.generate(conf, stream)
