"""Files that a plugin makes of all hosts of the cloud."""

import pytest

from kolla.plans.rendering import build
from kolla.plugin import File, Listen, Listening
from kolla.plugin.reports import ImageFacts
from kolla.settings import Invalid
from tests.unit.support.plugins import make_container, make_settings, make_web

HOSTS = {
    "hosts_ctl1": "[host]\naddress = 192.0.2.11\n",
    "hosts_ctl2": "[host]\naddress = 192.0.2.12\n[web]\nport = 8081\n",
    "hosts_cmp1": "[host]\naddress = 192.0.2.21\nenabled = balancer\n",
}


def servers(cloud) -> str:
    """As HAProxy's configuration names them."""
    lines = [
        f"server {place.host} {place.address}:{place.port}" for place in cloud.listens()
        if place.balanced == "http"
    ]
    return "\n".join([*lines, "stats auth admin:${web.password}"])


def settings_of(folder, content, host: str = "ctl1", twice: bool = False, **hosts: str):
    web = make_web(listens=(Listen("${web.address}", "${web.port}", balanced="http"),))
    files = (File("/etc/balancer.cfg", content=content),)
    balancers = [make_container(name, files=files) for name in ("balancer", "another")[:1 + twice]]
    return make_settings(folder, "", web, *balancers, host=host, **(HOSTS | hosts))


def content_of(settings) -> str:
    balancer = settings.catalog.containers["balancer"]
    return build(balancer, settings, ImageFacts("", "image"), "", "").files[0].content


def test_a_balancer_is_configured_from_all_hosts_and_a_secret_stays_a_reference(tmp_path):
    assert content_of(settings_of(tmp_path, servers)).splitlines() == [
        "server ctl1 192.0.2.11:8080", "server ctl2 192.0.2.12:8081",
        "stats auth admin:${web.password}",
    ]


def test_all_hosts_make_the_same_of_it(tmp_path):
    made = {content_of(settings_of(tmp_path, servers, host)) for host in ("ctl1", "ctl2", "cmp1")}
    assert len(made) == 1


def test_hosts_are_those_that_run_a_container_and_tell_their_own_values(tmp_path):
    cloud = settings_of(tmp_path, servers).cloud
    assert [host.name for host in cloud.hosts()] == ["cmp1", "ctl1", "ctl2"]
    assert [(host.name, host.value("web", "port")) for host in cloud.hosts("web")] == [
        ("ctl1", 8080), ("ctl2", 8081)]
    assert Listening("web", "ctl2", "192.0.2.12", 8081, "http") in cloud.listens()


def test_a_host_without_a_file_of_its_own_is_one_of_them(tmp_path):
    cloud = settings_of(tmp_path, servers, host="other").cloud
    assert [host.name for host in cloud.hosts("web")] == ["ctl1", "ctl2", "other"]


@pytest.mark.parametrize("content, reason", [
    (lambda cloud: cloud.nodes, "cannot be made: AttributeError: "),
    (lambda cloud: cloud.hosts("web")[9], "cannot be made: IndexError: list index out of range"),
    (lambda cloud: None, "is made of None, no text"),
    (lambda cloud: "${web.prot}", "there is no option [web] prot; did you mean 'port'?"),
    (lambda cloud: "costs $5", "a template is malformed"),
    (lambda cloud: cloud.hosts()[0].value("web", "password"), "[web] password is a secret"),
])
def test_what_a_function_does_wrong_names_its_plugin_and_its_file(tmp_path, content, reason):
    problems = [str(problem) for problem in settings_of(tmp_path, content).problems()]
    problem, = [problem for problem in problems if "balancer" in problem]
    assert problem.startswith("plugin 'balancer' of 'kolla-host': its file '/etc/balancer.cfg'")
    assert reason in problem


def without_a_low_port(cloud) -> str:
    for host in cloud.hosts("web"):
        if host.value("web", "port") > 8080:
            raise host.mistake("web", "port", f"is too high on {host.name}: choose one up to 8080")
    return ""


def test_a_mistake_of_an_option_that_is_not_set_names_that_option_and_no_other(tmp_path):
    def content(cloud):
        raise cloud.hosts("web")[0].mistake("web", "address", "set that of the balancer")

    settings = settings_of(tmp_path, content)
    said = {str(problem) for problem in settings.problems() if "balancer" in problem.message}
    assert said == {f"{tmp_path}/kolla.conf: [web] address: set that of the balancer"}


@pytest.mark.parametrize("host", ["ctl1", "ctl2"])
def test_a_mistake_of_an_operator_is_told_once_with_its_place(tmp_path, host):
    """Two files are made of it, and neither plugin is to blame."""
    settings = settings_of(tmp_path, without_a_low_port, host, twice=True)
    told = f"{tmp_path}/hosts/ctl2.conf:4: [web] port: is too high on ctl2: choose one up to 8080"
    assert [str(one) for one in settings.problems() if "[web]" in one.message] == [told]
    assert not [one for one in settings.problems() if "plugin" in one.file]
    with pytest.raises(Invalid) as refused:
        content_of(settings)
    assert [str(problem) for problem in refused.value.problems] == [told]


def test_the_broken_file_of_another_host_is_named_before_anything_is_touched(tmp_path):
    settings = settings_of(tmp_path, servers, host="other", hosts_ctl2="[host\n")
    with pytest.raises(Invalid, match="hosts/ctl2.conf:1"):
        settings.require_valid()


def test_where_no_file_is_made_of_all_hosts_nobody_looks_at_the_others(tmp_path):
    settings = settings_of(tmp_path, "plain", host="other", hosts_ctl2="[host\n")
    assert settings.problems() == []
