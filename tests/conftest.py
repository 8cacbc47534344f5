"""What all tests share."""

import signal

import pytest

# Whoever runs the tests in the background of a shell has them begun with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite(
    "tests.functional.support.harness", "tests.functional.support.watching",
    "tests.functional.support.cloud"
)


def pytest_addoption(parser) -> None:
    parser.addoption(
        "--all", action="store_true",
        help="also run what is exhaustive and takes hours (doc/source/testing.rst lists it)",
    )


def pytest_collection_modifyitems(config, items) -> None:
    """Without ``--all``, tests marked ``exhaustive`` are left out."""
    if config.getoption("all"):
        return
    left_out = [item for item in items if item.get_closest_marker("exhaustive")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def exhaustive(pytestconfig) -> bool:
    """Whether a test is to go through all of its cases instead of a sample."""
    return pytestconfig.getoption("all")
