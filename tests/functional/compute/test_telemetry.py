"""ceilometer-compute: what a virtual machine takes arrives in Gnocchi."""

import pytest

from tests.functional.support.cloud import started
from tests.functional.support.server import ENABLED
from tests.functional.support.telemetry import ARRIVES, IMPATIENT, Measures
from tests.functional.support.watching import until

pytestmark = pytest.mark.service

NAMES = ("gnocchi-api", "gnocchi-metricd", "ceilometer-notification", "ceilometer-compute")
POLLING = """\
sources:
  - {name: processors, interval: 5, meters: [cpu]}
"""


@pytest.fixture(scope="module")
def telemetry(cloud, tmp_path_factory):
    polling = tmp_path_factory.mktemp("telemetry") / "polling.yaml"
    polling.write_text(POLLING)
    more = f"{IMPATIENT}[ceilometer]\npolling_file = {polling}\n"
    with started(cloud, "40-telemetry", NAMES, more, beside=ENABLED):
        yield cloud


def test_the_processor_time_of_a_virtual_machine_arrives(telemetry, server):
    with telemetry.connect() as connection:
        measures = Measures(connection.session)
        place = f"resource/instance/{server.id}/metric/cpu"
        taken = until(lambda: measures.aggregates(place, "mean"), ARRIVES)
    assert taken[-1] > 0
    assert telemetry.deployment.kolla("container", "check", *NAMES).exit_code == 0
