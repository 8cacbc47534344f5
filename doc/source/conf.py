"""Sphinx configuration; `tox -e docs` builds with warnings as errors."""

import pathlib
import sys

from cliff import sphinxext

sys.path.insert(0, str(pathlib.Path(__file__).parent / "_ext"))

project = "kolla"
copyright = "OpenStack contributors, Apache License 2.0"

extensions = [
    "cliff.sphinxext",
    "confinement",
    "offline",
    "oslo_config.sphinxext",
    "reno.sphinxext",
    "rooms",
    "sphinx.ext.autodoc",
]

html_theme = "furo"
html_title = "kolla"
html_static_path = ["_static"]
html_css_files = ["kolla.css"]
html_copy_source = False
html_show_sphinx = False
# A shell would colour words such as `history` and `set`, which mean nothing to it here.
highlight_language = "text"
pygments_style = "tango"
html_domain_indices = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"

# cliff's own, the same for every command; the page says once what they do.
autoprogram_cliff_ignored = [
    "--help", "--format", "--column", "--quote", "--noindent", "--max-width", "--fit-width",
    "--print-empty", "--sort-column", "--sort-ascending", "--sort-descending", "--prefix",
]


def _example(parser):
    """The examples of a command line by line, not filled like a paragraph."""
    title, _, lines = (parser.epilog or "").partition("\n")
    return [f"{title.capitalize()}:", "", *lines.splitlines(), ""] if lines else []


sphinxext._format_epilog = _example
