import pytest

from kolla.errors import KollaError
from kolla.images.options import known_options, options_of
from tests.unit.support.host import Host, make_service


@pytest.mark.parametrize("content, reason", [
    (b"{", "Expecting property name"), (b"\xff", "invalid start byte"),
    (b"[]", "it should have groups"), (b'{"DEFAULT": ["debug"]}', "it should have groups"),
])
def test_a_broken_list_of_options_is_told_with_its_container_and_not_kept(
    tmp_path, monkeypatch, content, reason
):
    host = Host(tmp_path, make_service("web"))
    host.build("1")
    monkeypatch.setattr(host.engine, "read_file", lambda *_: content)
    for _ in range(2):
        with pytest.raises(KollaError, match=f"web: .* no list of options: .*{reason}"):
            known_options(host.deployment, host.containers[0])


def test_what_two_containers_of_one_image_know_of_their_options_outlives_the_command(
    tmp_path, monkeypatch
):
    host = Host(tmp_path, make_service("web"), make_service("worker"))
    host.build("1")
    monkeypatch.setattr(host.engine, "read_file", lambda *_: b'{"DEFAULT": {"debug": {}}}')
    for container in host.containers:
        options_of(host.deployment, "sha256:0-1-2026.1", container)
    lists = host.deployment.settings.option_lists
    assert lists.of_container("web") == lists.of_container("worker") == {"DEFAULT": {"debug": {}}}
