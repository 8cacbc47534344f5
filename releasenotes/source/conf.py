"""Sphinx configuration of the release notes; `tox -e releasenotes` builds them."""

project = "kolla"
copyright = "OpenStack contributors, Apache License 2.0"

extensions = ["openstackdocstheme", "reno.sphinxext"]

html_theme = "openstackdocs"
openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_repo_name = "openstack/kolla"
