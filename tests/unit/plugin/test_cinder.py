"""What the plugins of Cinder declare."""

import pytest

from kolla.plugin import Strategy
from kolla_plugins import ceph, sets
from kolla_plugins.cinder.control import CINDER_API, CINDER_SCHEDULER
from kolla_plugins.cinder.storage import CINDER_BACKUP, CINDER_VOLUME, FINISHES
from kolla_plugins.cinder.shared import OPTIONS
from kolla_plugins.libvirt import NOVA_LIBVIRT
from tests.unit.support.plugins import make_container, make_settings

STORAGE = (CINDER_VOLUME, CINDER_BACKUP)
ALL = (CINDER_SCHEDULER, *STORAGE, CINDER_API)


def names(containers) -> list[str]:
    return [container.name for container in containers]


def test_a_host_of_before_starts_none_of_it_by_itself():
    assert sets.CINDER.optional and sets.CINDER_CONTROLLER.optional and CINDER_API.optional


def test_the_database_is_dumped_and_checked_once_by_the_one_that_is_first():
    assert names(each for each in ALL if each.dump) == ["cinder-scheduler"]
    assert [task.name for task in CINDER_SCHEDULER.verify] == ["upgrade-check"]


def test_the_api_is_upgraded_last_and_loses_no_request():
    assert CINDER_API.strategy is Strategy.HANDOVER and CINDER_API.hold
    assert set(CINDER_API.follows) == set(names(ALL)) - {"cinder-api"}


def test_a_backend_whose_options_kolla_could_not_tell_is_refused_by_its_name(tmp_path):
    text = "[cinder]\nbackends = rbd-fast, lwm\n"
    settings = make_settings(tmp_path, text, make_container("x", options=OPTIONS))
    assert [str(problem) for problem in settings.problems()] == [
        f"{tmp_path}/kolla.conf:2: [cinder] backends: 'lwm' is not a valid name of a backend: "
        "it begins with backend, lvm or rbd"
    ]


@pytest.mark.parametrize("container", STORAGE, ids=lambda container: container.name)
def test_what_is_under_way_may_end_before_the_next_one_takes_over(container):
    assert container.strategy is Strategy.RELIEVE
    assert container.drain[0] == "kolla-cinder-idle"
    told = int(container.environment["OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT"])
    assert told == FINISHES < container.stop_grace


@pytest.mark.parametrize("container", ALL, ids=lambda container: container.name)
def test_a_volume_belongs_to_the_host_and_not_to_a_container(container):
    assert container.environment["OS_DEFAULT__HOST"] == "${host.name}"


def test_sessions_of_iscsi_are_the_kernels_and_its_targets_come_back_after_a_boot():
    assert CINDER_VOLUME.environment["OS_BACKEND_DEFAULTS__TARGET_HELPER"] == "lioadm"
    (targets,) = [each for each in CINDER_VOLUME.host_mounts if each.path == "/sys/kernel/config"]
    assert not targets.read_only
    # Where rtslib saves them.
    assert "/etc/target" in {volume.path for volume in CINDER_VOLUME.volumes}


def test_libvirt_knows_the_key_by_the_name_that_cinder_tells_nova():
    assert CINDER_VOLUME.environment["OS_BACKEND_DEFAULTS__RBD_SECRET_UUID"] == (
        NOVA_LIBVIRT.environment["KOLLA_CEPH_SECRET"])
    assert set(ceph.FILES) <= set(NOVA_LIBVIRT.files)
    assert any(file.secret and file.option == "ceph.keyring" for file in ceph.FILES)
