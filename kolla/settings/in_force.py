"""The configuration in force: today's, or the last valid one while today's is not valid."""

import contextlib
import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kolla.errors import KollaError, UsageError, nearest
from kolla.plugin import Container
from kolla.settings import last_valid
from kolla.settings.loader import Settings
from kolla.settings.problems import Invalid

if TYPE_CHECKING:
    from kolla.catalog.catalog import Catalog

LOG = logging.getLogger(__name__)


class InForce:
    """The settings that the commands of this host go by."""

    def __init__(
        self, catalog: "Catalog", config_dir: Path, host: str | None, overrides: Mapping[str, str]
    ):
        self._catalog, self._config_dir = catalog, config_dir
        self._host, self._overrides = host, overrides
        #: What is wrong with today's configuration, while the last valid one stands in.
        self.invalid: Invalid | None = None
        self._is_valid = False

    @functools.cached_property
    def settings(self) -> Settings:
        if self._host is not None:
            _require_host_file(self._config_dir / "hosts", self._host)
        return Settings.load(self._catalog, self._config_dir, self._host, self._overrides)

    def settle(self, judge: bool = True) -> None:
        """Go on with the last valid configuration if today's is not valid.

        With ``judge`` False: only if today's cannot be read. Raises :class:`Invalid` if no
        valid one is kept. What is recorded can be acted on all the same; nothing new can be
        made: see :meth:`require_valid`.
        """
        try:
            self.require_valid() if judge else self.settings
        except Invalid as invalid:
            kept = last_valid.load(self._catalog, self._config_dir, self._host, self._overrides)
            if kept is None:
                raise
            LOG.warning("%s\n  kolla goes on with the last valid one; until this is mended, no "
                        "container can be made or upgraded", invalid.message)
            self.settings, self.invalid = kept, invalid

    def keep(self, state_dir: Path) -> None:
        """Keep a copy of the configuration for :meth:`settle`, if it was found valid.

        Nothing depends on it today, so that a full disk does not matter.
        """
        if self._is_valid and not self._overrides:
            with contextlib.suppress(KollaError):
                last_valid.keep(self.settings, state_dir)

    def require_valid(
        self, container: Container | None = None, options: Mapping | None = None
    ) -> None:
        """Raise :class:`Invalid` if anything in the configuration is wrong.

        With a container and the option list of its image: if anything in that service's
        options is. A broken plugin does not stop the others.
        """
        if self.invalid:
            raise self.invalid
        if container is None:
            if not self._is_valid:
                self.settings.require_valid()
            self._is_valid = True
        else:
            self.settings.require_valid_service(container, options)


def _require_host_file(folder: Path, host: str) -> None:
    known = [path.stem for path in folder.glob("*.conf")]
    if host not in known:
        raise UsageError(
            f"there is no {folder / host}.conf{nearest(host, known)}",
            "--host names the host whose file is read",
        )
