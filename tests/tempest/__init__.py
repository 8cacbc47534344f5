"""OpenStack's own tests of its APIs, run against a cloud of kolla."""
