"""Exporters: they write the tree of a host for another engine."""
