"""kolla-options NAMESPACE...: the options that a service knows, as compact JSON.

Options are named as the environment names them (``OS_<GROUP>__<OPTION>``): by their
current name, with underscores.
"""

import json
import sys

from oslo_config import cfg, types
from stevedore import named

from kolla_image.environment import fail

TYPES = (
    (types.Boolean, "boolean"),
    (types.Integer, "integer"),
    (types.Float, "float"),
    (types.List, "list"),
    (types.Dict, "dict"),
)


def describe(option: cfg.Opt) -> dict:
    """What a value of the option has to be, and whether it is a secret."""
    kind = option.type
    facts = {"type": next((name for known, name in TYPES if isinstance(kind, known)), "string")}
    for limit in ("min", "max"):
        if (value := getattr(kind, limit, None)) is not None:
            facts[limit] = value
    if choices := getattr(kind, "choices", None):
        facts["choices"] = list(choices)
    if option.multi:
        facts["multi"] = True
    if option.secret:
        facts["secret"] = True
    return facts


def compact(listings) -> dict[str, dict[str, dict]]:
    """One table from what the ``oslo.config.opts`` entry points return."""
    table: dict[str, dict[str, dict]] = {}
    for group, options in listings:
        name = getattr(group, "name", group) or "DEFAULT"
        table.setdefault(name, {}).update({option.dest: describe(option) for option in options})
    return table


def with_logins(table: dict[str, dict[str, dict]]) -> dict[str, dict[str, dict]]:
    """Groups that log in to Keystone take the options of the chosen ``auth_type`` as well."""
    from keystoneauth1 import loading

    logins = [
        option
        for name in sorted(loading.get_available_plugin_names())
        for option in loading.get_auth_plugin_conf_options(name)
    ]
    for known in table.values():
        if "auth_type" in known:
            known.update({option.dest: describe(option) for option in logins})
    return table


def main() -> None:
    namespaces = sys.argv[1:] or fail("no namespace given")
    extensions = named.NamedExtensionManager(
        "oslo.config.opts",
        namespaces,
        invoke_on_load=True,
        on_missing_entrypoints_callback=lambda missing: fail(
            f"no package here has the options {', '.join(missing)}: leave them out"
        ),
        on_load_failure_callback=lambda _, point, error: fail(f"{point.name}: {error}"),
    )
    table = compact(listing for extension in extensions for listing in extension.obj)
    json.dump(with_logins(table), sys.stdout, sort_keys=True, separators=(",", ":"))
