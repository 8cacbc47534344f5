"""A page that a browser could not show without the network is an error of the build."""

import html.parser
import pathlib
import re

from sphinx.util import logging

LOG = logging.getLogger(__name__)

#: What a browser fetches by itself, and the attribute that says from where.
FETCHED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "audio": "src", "embed": "src", "object": "data", "link": "href",
}
#: Relations of a <link> that are followed by nobody without a click.
NAMED_ONLY = {"canonical", "author", "license", "next", "prev", "search", "index"}
#: In style sheets, and in drawings.
ELSEWHERE = re.compile(r"""(?:url\(|@import\s)\s*["']?((?:https?:)?//[^"')\s]+)""")


class _Fetched(html.parser.HTMLParser):
    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        place = told.get(FETCHED.get(tag, ""), "") or ""
        if tag == "link" and NAMED_ONLY & set((told.get("rel") or "").split()):
            return
        if re.match(r"(https?:)?//", place):
            self.found.append(place)


def foreign(path: pathlib.Path) -> list[str]:
    """Where a built file makes a browser go without being asked."""
    text = path.read_text(errors="replace")
    pages = _Fetched(text).found if path.suffix == ".html" else []
    return [*pages, *ELSEWHERE.findall(text)]


def _check(app, exception):
    if exception or app.builder.name != "html":
        return
    for path in sorted(pathlib.Path(app.outdir).rglob("*")):
        if path.suffix in (".html", ".css", ".svg"):
            for place in foreign(path):
                LOG.warning("%s loads %s", path.relative_to(app.outdir), place)


def setup(app):
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True}
