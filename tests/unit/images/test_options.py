import pytest

from kolla.errors import KollaError
from kolla.images.options import known_options
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
