"""What an operator is told who types the name of a service of former releases."""

import pytest

#: As tools that ran them in containers called them; some are no more, some are there.
NO_MORE = [
    "ceilometer-alarm", "ceilometer-api", "ceilometer-base", "ceilometer-collector", "fwaas-agent",
    "glance-registry", "heat-api-cloudwatch", "keystone-admin", "lbaas-agent", "nova-cert",
    "nova-consoleauth", "nova-network", "swift-base",
]
THERE = [
    "set neutron-agents-linux-bridge", "container ceilometer-central",
    "container metadata-service", "container mongodb",
]


def instead(line: str, name: str) -> str:
    """What a line says does the work of a service, after since when that is so."""
    return line.partition(repr(name))[2].partition(": ")[2]


@pytest.mark.parametrize("name", NO_MORE)
def test_a_command_says_what_does_the_work_of_a_service_that_is_no_more(kolla, name):
    for noun, what in (("set", "container set"), ("container", "container")):
        told = kolla(noun, "show", name)
        assert told.code != 0 and told.out == ""
        line, _ = told.err.splitlines()
        assert line.startswith(f"kolla: there is no {what} {name!r}") and instead(line, name)


def test_a_configuration_that_enables_a_service_that_is_no_more_says_what_does_its_work(kolla):
    text = kolla.config.read_text()
    kolla.config.write_text(text.replace("enabled = caches", f"enabled = {', '.join(NO_MORE)}"))
    told = kolla("config", "validate")
    assert told.code != 0
    for name in NO_MORE:
        (line,) = (line for line in (told.out + told.err).splitlines() if repr(name) in line)
        assert "[host] enabled: there is no container set or container" in line
        assert instead(line, name)


@pytest.mark.parametrize("noun", ["set", "container"])
def test_the_names_of_services_that_are_no_more_are_completed(kolla, noun):
    for name in NO_MORE:
        assert name in kolla("complete", "--", noun, "show", name[:-1]).out.splitlines()


@pytest.mark.parametrize("name", THERE)
def test_a_service_that_is_still_there_is_shown(kolla, name):
    noun, name = name.split()
    assert name in kolla(noun, "show", name).out
