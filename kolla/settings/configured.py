"""Sets up oslo.config with the files in the order in which kolla reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from oslo_config import cfg

from kolla.errors import UsageError, nearest
from kolla.settings import services, values
from kolla.settings.sources import COMMAND_LINE, Sources

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog


def configured(
    options: Mapping[str, Mapping[str, cfg.Opt]], sources: Sources, host: str, config_dir: Path
) -> cfg.ConfigOpts:
    """Register all options and read all files. UsageError for a wrong value in ``--set``."""
    conf = cfg.ConfigOpts()
    files = [str(file.path) for file in sources.files]
    # Without default_config_dirs=[] oslo.config would add directories above these files.
    conf([], project="kolla", prog="kolla", default_config_files=files, default_config_dirs=[],
         use_env=bool(sources.variables))
    for group, opts in options.items():
        conf.register_opts(list(opts.values()), group=_oslo_group(group))
    conf.set_default("name", host, group="host")
    conf.set_default("folder", str(config_dir / "certificates"), group="certificates")
    for group, opts in options.items():
        for opt in opts.values():
            _override(conf, sources, group, opt)
    return conf


def _override(conf: cfg.ConfigOpts, sources: Sources, group: str, opt: cfg.Opt) -> None:
    """Give oslo.config the values that it cannot see, or would read differently."""
    origin = sources.find(group, opt)
    if origin is None:
        return
    on_command_line = origin.source == COMMAND_LINE
    # oslo.config does not get files of which only a part counts.
    in_part = origin.source in [str(file.path) for file in sources.parts]
    # oslo.config splits a MultiOpt from the environment into letters.
    several_at_once = opt.multi and origin.line is None
    # oslo.config would replace $name in a password by another option.
    literal = opt.secret and "$" in "".join(origin.values)
    if not (on_command_line or in_part or several_at_once or literal):
        return
    given = [text.replace("$", r"\$") if opt.secret else text for text in origin.values]
    try:
        conf.set_override(opt.dest, given if opt.multi else given[-1], _oslo_group(group))
    except ValueError as error:
        if on_command_line:
            flaw = values.describe(opt, origin.text, error)
            raise UsageError(f"--set {group}.{opt.dest}: {flaw}") from None
        # A wrong value in a file is reported as a problem.


def _oslo_group(group: str) -> str | None:
    return None if group == "DEFAULT" else group


def check_overrides(catalog: "Catalog", overrides: Mapping[str, str]) -> None:
    """UsageError for an option that does not exist; options of services are not looked up."""
    options = {f"{name}.{dest}" for name, opts in catalog.options.items() for dest in opts}
    for key in overrides:
        group, _, option = key.partition(".")
        owner, section = services.split(group)
        if not option:
            raise UsageError(f"--set {key}: should be GROUP.OPTION=VALUE")
        if section and not catalog.of_service(owner):
            known = [*catalog.containers, *catalog.projects]
            unknown = catalog.old_names.none_such("container or project", owner, known)
            raise UsageError(f"--set {key}: {unknown}")
        if not section and key not in options:
            raise UsageError(f"--set {key}: there is no such option{nearest(key, options)}")
