"""Which containers on the engine are kolla's."""

import pytest

from kolla.backends.docker import answers

LABELS = {"kolla.container": "web-api", "kolla.generation": "7"}


@pytest.mark.parametrize("name, labels, ours", [
    ("web-api-g7", LABELS, True),
    ("web-api-g7-migrate", LABELS | {"kolla.task": "migrate"}, True),
    ("quirky_hopper", LABELS, False),  # `docker commit web-api-g7`, and a run of that
    ("web-api-g8", LABELS, False),
    ("web-api-g7", {"kolla.container": "web-api"}, False),
    ("web-api-g7", {"kolla.generation": "7"}, False),
    ("web-api-gseven", LABELS | {"kolla.generation": "seven"}, False),
    ("anything", {}, False),
])
def test_a_container_is_kollas_if_its_name_is_what_its_labels_say(name, labels, ours):
    assert answers.is_kollas(name, labels) is ours
