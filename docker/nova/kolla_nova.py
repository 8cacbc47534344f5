"""What the workers of both of Nova's APIs share: threads, and no eventlet, in every release."""

from nova import monkey_patch

monkey_patch.patch()

from nova.api.openstack import wsgi_app  # noqa: E402, F401
