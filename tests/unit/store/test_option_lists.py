import pytest

from kolla.store.option_lists import OptionLists

IMAGE = "sha256:1234"


@pytest.mark.parametrize("content", ["", "{", "[]", "\N{NO-BREAK SPACE}"])
def test_a_broken_list_is_read_from_the_image_again(tmp_path, content):
    lists = OptionLists(tmp_path)
    lists.keep(IMAGE, "web", b'{"DEFAULT": {}}')
    (tmp_path / "1234.json").write_text(content)
    assert lists.of_image(IMAGE) is None
    assert lists.of_container("web") == {"DEFAULT": {}}
