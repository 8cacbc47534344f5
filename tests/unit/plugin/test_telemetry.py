"""What the plugins of Gnocchi, Ceilometer and Aodh declare."""

import json

import pytest
import yaml

from kolla.plugin import Strategy
from kolla_plugins import aodh, ceilometer, gnocchi
from kolla_plugins.openstack import messaging_environment
from tests.manual import ROOT

APIS = (gnocchi.GNOCCHI_API, aodh.AODH_API)
WORKERS = (
    gnocchi.GNOCCHI_METRICD, ceilometer.CEILOMETER_NOTIFICATION, ceilometer.CEILOMETER_CENTRAL,
    aodh.AODH_EVALUATOR, aodh.AODH_LISTENER, aodh.AODH_NOTIFIER,
)


class Cloud:
    def __init__(self, *containers: str):
        self._containers = containers

    def hosts(self, container: str = "") -> list[str]:
        return ["a"] if container in self._containers else []


def publishers(cloud: Cloud) -> list[str]:
    (sink,) = json.loads(ceilometer.event_pipeline(cloud))["sinks"]
    return sink["publishers"]


def test_events_go_to_aodh_only_where_something_reads_them():
    assert publishers(Cloud("ceilometer-notification")) == ["gnocchi://"]
    assert publishers(Cloud("aodh-listener")) == ["gnocchi://", "notifier://?topic=alarm.all"]


def test_measures_have_the_archive_policy_that_an_operator_names():
    pipeline = ceilometer.PIPELINE.replace("${ceilometer.archive_policy}", "quick")
    (sink,), (source,) = (json.loads(pipeline)[part] for part in ("sinks", "sources"))
    assert sink["publishers"] == ["gnocchi://?archive_policy=quick"]
    assert source["meters"] == ["*"] and source["sinks"] == [sink["name"]]


@pytest.mark.parametrize("name", ['a"b', "a&b", "a b"])
def test_an_archive_policy_that_would_break_the_pipeline_is_refused(name):
    (option,) = [one for one in ceilometer.OPTIONS["ceilometer"] if one.name == "archive_policy"]
    assert option.type("ceilometer-high-rate") and option.type("") == ""
    with pytest.raises(ValueError, match="doesn't match regex"):
        option.type(name)


def test_measures_tell_of_which_group_a_machine_is_in_each_release():
    """Ceilometer 27 does not ask Nova for that by itself."""
    environment = ceilometer.CEILOMETER_COMPUTE.environment
    assert environment["OS_COMPUTE__FETCH_EXTRA_METADATA"] == "true"
    assert "OS_COMPUTE__FETCH_EXTRA_METADATA" not in ceilometer.CEILOMETER_CENTRAL.environment


def meters(cloud: Cloud) -> set[str]:
    (source,) = json.loads(ceilometer.polling(cloud))["sources"]
    return {*source["meters"]}


def test_nobody_is_asked_for_volumes_where_there_is_no_cinder():
    everywhere = meters(Cloud("ceilometer-central"))
    assert "cpu" in everywhere and not any(meter.startswith("volume") for meter in everywhere)
    assert meters(Cloud("cinder-api")) - everywhere == {*ceilometer.OF_VOLUMES}


def test_the_polling_of_the_manual_asks_for_all_that_is_asked_for_by_default():
    sample = ROOT / "doc" / "source" / "samples" / "scaling" / "polling.yaml"
    sources = yaml.safe_load(sample.read_text())["sources"]
    asked = [meter for source in sources for meter in source["meters"]]
    assert sorted(asked) == sorted(ceilometer.OF_MACHINES)


def test_services_tell_of_what_they_do_only_where_an_operator_says_so():
    driver = messaging_environment()["OS_OSLO_MESSAGING_NOTIFICATIONS__DRIVER"]
    assert driver == "${messaging.notifications?messagingv2:noop}"


@pytest.mark.parametrize("container", APIS, ids=lambda container: container.name)
def test_an_api_has_the_schema_and_is_handed_over(container):
    assert container.strategy is Strategy.HANDOVER and container.dump and container.hold


@pytest.mark.parametrize("container", WORKERS, ids=lambda container: container.name)
def test_workers_are_upgraded_after_the_api_that_they_need(container):
    assert container.parent == "ceilometer-controller" and not container.dump
    assert container.follows and not container.privileges


def test_the_api_and_metricd_share_the_measures():
    assert gnocchi.GNOCCHI_API.volumes == gnocchi.GNOCCHI_METRICD.volumes
    assert gnocchi.MEASURES.shared


def test_what_aggregates_measures_says_whether_their_disk_is_full():
    assert gnocchi.GNOCCHI_METRICD.check.command == (
        "kolla-check-measures", "kolla-check-periodic")


def test_ceilometer_has_a_user_and_no_catalog_entry():
    identity, types = ceilometer.CEILOMETER_NOTIFICATION.bootstrap
    assert "KOLLA_SERVICE_TYPE" not in identity.environment
    assert ceilometer.CEILOMETER_NOTIFICATION.expand == (types,)
    (teardown,) = ceilometer.CEILOMETER_NOTIFICATION.teardown
    assert teardown.environment["KOLLA_SERVICE_HOSTS"] == "${ceilometer.hosts}"


@pytest.mark.parametrize("container, queues", [
    (aodh.AODH_EVALUATOR, set()),
    (aodh.AODH_LISTENER, {"alarm.all.sample"}),
    (aodh.AODH_NOTIFIER, {"alarming.sample"}),
    (ceilometer.CEILOMETER_NOTIFICATION, {"alarm.all.sample", *(
        f"notifications.{priority}"
        for priority in ("audit", "critical", "debug", "error", "info", "sample", "warn"))}),
], ids=lambda value: getattr(value, "name", ""))
def test_the_queues_that_only_telemetry_reads_go_with_it(container, queues):
    (teardown,) = container.teardown
    names = ("KOLLA_RPC_QUEUE", "KOLLA_RPC_TOPICS")
    assert {
        queue for name in names for queue in teardown.environment.get(name, "").split()
    } == queues


def test_what_writes_alarms_is_never_newer_than_the_notifier_that_reads_them():
    for writer in (aodh.AODH_EVALUATOR, aodh.AODH_LISTENER):
        assert aodh.AODH_NOTIFIER.name in writer.follows


def test_an_alarm_can_signal_heat_in_both_languages_where_that_speaks_tls():
    trusted = {file.path for file in aodh.AODH_NOTIFIER.files}
    assert {f"/etc/kolla/tls/{name}.crt" for name in ("heat", "heat_cfn", "keystone")} <= trusted
    assert aodh.AODH_NOTIFIER.command == ("kolla-run", "kolla-aodh-notifier")


def test_only_the_one_beside_libvirt_is_root():
    (privilege,) = ceilometer.CEILOMETER_COMPUTE.privileges
    assert privilege.kind == "root" and ceilometer.CEILOMETER_COMPUTE.optional


@pytest.mark.parametrize("logger, level", [
    ("aodh.notifier", "INFO"), ("aodh.notifier.rest", "WARN"), ("urllib3.connectionpool", "WARN"),
])
def test_the_signed_urls_that_alarms_call_are_in_no_log(logger, level):
    text = aodh.AODH_NOTIFIER.environment["OS_DEFAULT__DEFAULT_LOG_LEVELS"]
    assert dict(pair.split("=") for pair in text.split(","))[logger] == level
    assert "OS_DEFAULT__DEFAULT_LOG_LEVELS" not in aodh.AODH_LISTENER.environment
