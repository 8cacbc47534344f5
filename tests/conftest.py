"""What all tests share."""

import signal

import pytest

# Whoever runs the tests in the background of a shell has them begun with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite(
    "tests.functional.support.harness", "tests.functional.support.watching",
    "tests.functional.support.cloud"
)
