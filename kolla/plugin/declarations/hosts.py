"""Options that describe all hosts of a deployment."""

from typing import Any

from oslo_config import cfg


class EachHost(cfg.ListOpt):
    """One that has a text for each host, unless an operator sets it."""

    def __init__(self, name: str, container: str, text: str, help: str, secret: bool = False):
        for field, value in {"container": container, "text": text}.items():
            if not isinstance(value, str):
                raise TypeError(f"the {field} of the option {name!r} should be a string")
        sample = f"<{text} of each host with {container}>"
        super().__init__(name, help=help, sample_default=sample, secret=secret)
        self.container, self.text = container, text

    def __eq__(self, another: Any) -> bool:
        return isinstance(another, EachHost) and bool(super().__eq__(another))

    __hash__ = cfg.Opt.__hash__


def each_host(
    name: str, container: str, text: str, help: str, secret: bool = False
) -> cfg.Opt:
    """A list of the text (a template) as it is on each host that runs a container.

    The hosts are those with a file in hosts/, in the order of their names. If none of them
    runs the container, it is the text of this host. An operator may set another list.
    ``secret``: the text takes in secrets.
    """
    return EachHost(name, container, text, help, secret)
