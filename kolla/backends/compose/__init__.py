"""The compose backend: containers that a compose file describes.

A generation is a service of its own, so that a new one stands beside the old one. Compose
makes the containers; what is done with one that exists is the engine's own API, which is the
same call that compose would make, without the time that compose takes to get there.
"""
