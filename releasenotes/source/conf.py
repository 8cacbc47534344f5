"""Sphinx configuration of the release notes; `tox -e releasenotes` builds them."""

project = "kolla"
copyright = "OpenStack contributors, Apache License 2.0"

extensions = ["reno.sphinxext"]

html_theme = "furo"
html_title = "Release notes of kolla"
