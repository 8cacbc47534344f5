"""Sphinx configuration; `tox -e docs` builds with warnings as errors."""

project = "kolla"
copyright = "OpenStack contributors, Apache License 2.0"

extensions = [
    "openstackdocstheme",
    "sphinx.ext.autodoc",
]

html_theme = "openstackdocs"
openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_repo_name = "openstack/kolla"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
