"""Neutron: networks, routers and addresses of virtual machines."""
