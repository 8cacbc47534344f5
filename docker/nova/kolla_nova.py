"""What the workers of both of Nova's APIs share: threads, and no eventlet, in every release."""

from nova import monkey_patch

monkey_patch.patch()

from nova.api.openstack import wsgi_app  # noqa: E402


def refuse(error, name):
    """Called where a later release is written in the database than this one.

    Nova itself would give this error to all clients until somebody restarts it, even if kolla has
    taken the version back meanwhile. A worker that ends is started again.
    """
    raise error


wsgi_app.error_application = refuse
