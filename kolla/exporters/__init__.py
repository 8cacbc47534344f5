"""The tree of a host for another engine."""
