"""What all tests share."""

import pathlib
import signal

import pytest
from xdist.scheduler import LoadScopeScheduling

# A shell starts tests in the background with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite(
    "tests.functional.support.harness", "tests.functional.support.watching",
    "tests.functional.support.cloud"
)


#: Functional tests that take longest, the dearest first: they begin first, so
#: that both workers end at about the same time.
DEAREST = (
    "cloud", "compute", "test_crash.py", "test_image.py", "test_schema.py",
    "test_crash_accidents.py",
    "test_monitor_operators.py", "test_monitor_faults.py", "test_quickstart.py",
    "test_schema_hosts.py", "test_crash_power.py",
)


#: Folders of functional tests that share a cloud.
CLOUDS = ("cloud", "compute")


#: Tests with this marker run only with this option.
TIERS = {"exhaustive": "all", "service": "services"}


def pytest_addoption(parser) -> None:
    parser.addoption(
        "--all", action="store_true",
        help="also run what is exhaustive about kolla itself (doc/source/testing.rst lists it)",
    )
    parser.addoption(
        "--services", action="store_true",
        help="also run what concerns single services (doc/source/testing.rst lists it)",
    )


def pytest_collection_modifyitems(config, items) -> None:
    """Put them in order, and leave out those of a tier that was not asked for."""
    items.sort(key=_place)
    closed = [marker for marker, option in TIERS.items() if not config.getoption(option)]
    left_out = [item for item in items if any(map(item.get_closest_marker, closed))]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _place(item) -> tuple[bool, bool, int]:
    """Unit tests come last: they are what the other worker does meanwhile."""
    kind, part = item.path.relative_to(pathlib.Path(__file__).parent).parts[:2]
    rank = DEAREST.index(part) if part in DEAREST else len(DEAREST)
    return kind == "unit", item.get_closest_marker("last") is not None, rank


def pytest_xdist_make_scheduler(config, log) -> LoadScopeScheduling:
    return Modules(config, log)


class Modules(LoadScopeScheduling):
    """Gives whole modules to workers, and the tests of a folder with one cloud to one of them."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return next((name for name in CLOUDS if f"/{name}/" in module), module)


@pytest.fixture(scope="session")
def exhaustive(pytestconfig) -> bool:
    """Whether a test is to go through all of its cases instead of a sample."""
    return pytestconfig.getoption("all")


@pytest.fixture(scope="session")
def services(pytestconfig) -> bool:
    """Whether tests that concern one service run."""
    return pytestconfig.getoption("services")
