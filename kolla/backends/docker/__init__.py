"""Containers through the API of the engine."""

from kolla.backends.docker.backend import DockerBackend

__all__ = ["DockerBackend"]
