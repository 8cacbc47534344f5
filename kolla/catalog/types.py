"""Types of options, which tell in words what they want."""

import re

from oslo_config.types import String


class Form(String):
    """A text of a certain form; ``rule`` is what is said of any other."""

    def __init__(self, name: str, pattern: str, rule: str):
        super().__init__(type_name=name)
        self.pattern, self.rule = pattern, rule

    def __call__(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise ValueError(self.rule)
        return value


#: A number of bytes as the engine takes it.
SIZE = Form("size", "[1-9][0-9]*[kmg]", "a size is a number with k, m or g, like 50m")
#: Where an engine listens, as its clients take it.
ENGINE = Form(
    "URL", r"unix:///\S+|tcp://[^/\s]+:[0-9]+|ssh://\S+",
    "an engine is at unix:///PATH, tcp://ADDRESS:PORT or ssh://HOST",
)
#: A relative one would depend on where kolla was started.
FOLDER = Form("folder", "/.*", "a folder begins with a slash, like /var/lib/kolla")
