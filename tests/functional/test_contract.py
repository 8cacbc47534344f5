"""What kolla and the images promise each other, in every release."""

import json
import re

import pytest

RELEASES = ("2025.2", "2026.1", "2026.2")
USERS = {"mariadb": 42434, "rabbitmq": 42439, "keystone": 42425, "glance-api": 42415}
TAGS = [
    *(("mariadb", "kolla/mariadb:trixie"), ("rabbitmq", "kolla/rabbitmq:trixie")),
    *((name, f"kolla/{name}:{release}")
      for name in ("keystone", "glance-api") for release in RELEASES),
]
#: The first variable that each start script misses, if it is given none.
FIRST = {"mariadb": "KOLLA_ROOT_PASSWORD"}


@pytest.fixture(scope="module")
def site(deployment, images):
    for release in RELEASES:
        images(release)
    deployment.kolla("config", "passwords")
    return deployment


@pytest.fixture(scope="module")
def docker(site):
    with site.engine.client() as client:
        yield client


def output(docker, tag: str, *command: str, **options) -> tuple[int, str]:
    """How a command in a container as kolla makes them ended, and what it wrote."""
    container = docker.containers.create(
        tag, list(command) or None, network_mode="host", read_only=True, cap_drop=["ALL"],
        tmpfs={"/run/kolla": "mode=1777", "/tmp": "mode=1777"}, **options,
    )
    try:
        container.start()
        code = container.wait(timeout=120)["StatusCode"]
        return code, container.logs().decode()
    finally:
        container.remove(force=True, v=True)


@pytest.mark.parametrize("name, tag", TAGS, ids=[tag for _, tag in TAGS])
def test_user_is_the_same_in_every_release_and_not_root(docker, name, tag):
    assert docker.images.get(tag).attrs["Config"]["User"] == f"{USERS[name]}:{USERS[name]}"
    assert output(docker, tag, "id", "-u") == (0, f"{USERS[name]}\n")


@pytest.mark.parametrize("name, tag", TAGS, ids=[tag for _, tag in TAGS])
def test_labels_tell_version_revision_and_time(docker, name, tag):
    labels = docker.images.get(tag).labels
    assert re.match(r"\d+\.\d", labels["org.opencontainers.image.version"])
    assert labels["org.opencontainers.image.revision"]
    assert labels["org.opencontainers.image.created"]
    assert labels["kolla.image"] == name


@pytest.mark.parametrize("name, tag", TAGS, ids=[tag for _, tag in TAGS])
def test_start_without_variables_names_the_first_that_is_missing(docker, name, tag):
    code, text = output(docker, tag)
    variable = FIRST.get(name, "KOLLA_ADDRESS")
    assert (code, text) == (1, f"kolla-start: {variable} is not set\n")


@pytest.mark.parametrize("name, tag", TAGS, ids=[tag for _, tag in TAGS])
def test_every_option_that_a_plugin_sets_is_known_to_the_service(docker, site, name, tag):
    known = json.loads(output(docker, tag, "cat", "/usr/share/kolla/options.json")[1])
    variables = site.kolla("config", "environment", name, "-f", "json").json()
    own = {
        variable for variable in docker.images.get(tag).attrs["Config"]["Env"]
        if variable.startswith("OS_")
    }
    # Glance makes up the stores that it keeps for itself when it starts.
    wanted = {variable.partition("=")[0] for variable in {*variables, *own}
              if variable.startswith("OS_") and "_OS_GLANCE_" not in variable}
    # A store has a group of its own when Glance starts, with the options of all stores.
    known["swift"] = known.get("glance_store", ())
    names = {f"OS_{group}__{option}".upper() for group in known for option in known[group]}
    assert wanted - names == set()


@pytest.mark.parametrize("name, tag", TAGS, ids=[tag for _, tag in TAGS])
def test_nothing_needed_only_for_building_is_inside(docker, name, tag):
    _, text = output(
        docker, tag, "bash", "-c",
        "type -p gcc cc make git mmdebstrap uv; ls -A /var/lib/apt/lists /var/cache/apt"
        " /root /tmp 2>/dev/null | grep -v : ;"
        " find / -xdev -name '*.whl' -o -xdev -name .cache 2> /dev/null", user="0",
    )
    leftovers = [line for line in text.splitlines() if line and not line.startswith(".")]
    assert leftovers == []


@pytest.mark.parametrize("name, tag", TAGS, ids=[tag for _, tag in TAGS])
def test_service_can_write_to_nothing_of_its_image(docker, name, tag):
    _, text = output(
        docker, tag, "bash", "-c",
        "find / -xdev -writable -not -type l -not -path '/tmp*' -not -path '/run/*' -not -path"
        " '/var/lib/*' -not -path /var/tmp -not -path '/dev/*' -not -path '/proc/*' 2> /dev/null",
    )
    assert text == ""


def test_second_build_of_everything_changes_nothing(site):
    rows = site.kolla("image", "build", "-f", "json").json()
    assert {row["result"] for row in rows} == {"unchanged"}
    summary = site.kolla("image", "list", "-f", "json").json()
    known = {(row["image"], row["release"]) for row in rows}
    states = {row["state"] for row in summary if (row["name"], row["release"]) in known}
    assert states == {"built"}
