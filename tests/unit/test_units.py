"""The units of systemd confine kolla as far as it can still do its work."""

import configparser
import pathlib
import shutil
import subprocess

import pytest

UNITS = sorted(pathlib.Path(__file__).parents[2].glob("etc/systemd/*.service"))
#: At most this much of 10, which is no confinement at all; in tenths, as systemd wants it. What
#: prepares the host has to mount where the host sees it; what builds images mounts, makes devices
#: and changes its root.
EXPOSURE = {"kolla-prepare": 50, "kolla-refresh": 50}
LOW = 29
CONFINED = [unit for unit in UNITS if unit.stem not in EXPOSURE]
CONFINEMENT = {
    "NoNewPrivileges": "yes", "ProtectSystem": "full", "ProtectHome": "read-only",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "MemoryMax": "1G", "TasksMax": "512", "UMask": "0077",
}


def service(unit: pathlib.Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read(unit)
    return dict(parser["Service"])


@pytest.mark.parametrize("unit", CONFINED, ids=lambda unit: unit.stem)
def test_every_unit_is_confined(unit):
    assert CONFINEMENT.items() <= service(unit).items()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_calls_its_exposure_ok(unit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         f"--threshold={EXPOSURE.get(unit.stem, LOW)}", unit],
        capture_output=True, text=True, timeout=60,
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd cannot judge a file")
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


def test_what_prepares_the_host_comes_before_the_engine_and_has_no_mounts_of_its_own():
    (unit,) = (UNITS[0].parent.glob("kolla-prepare.service"))
    assert "Before=docker.service" in unit.read_text()
    own = ("Private", "Protect", "ReadOnly", "ReadWrite", "Inaccessible", "TemporaryFileSystem")
    assert not [name for name in service(unit) if name.startswith(own)]
