"""Registers Cinder's objects, which most of its modules expect when they are loaded."""

from cinder import objects

objects.register_all()
