"""Doing it: carries plans out, container by container."""
