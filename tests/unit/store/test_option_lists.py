import pytest

from kolla.store.option_lists import OptionLists

IMAGE, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
LIST = b'{"DEFAULT": {}}'


@pytest.fixture
def lists(tmp_path):
    return OptionLists(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "\N{NO-BREAK SPACE}"])
def test_a_broken_list_is_read_from_the_image_again(lists, tmp_path, content):
    lists.keep(IMAGE, "web", LIST)
    (tmp_path / f"{'1' * 64}.json").write_text(content)
    assert lists.of_image(IMAGE) is None and lists.of_container("web") is None
    lists.keep(IMAGE, "web", LIST)
    assert lists.of_image(IMAGE) == lists.of_container("web") == {"DEFAULT": {}}


def test_containers_of_one_image_have_its_list_though_it_is_read_once(lists):
    lists.keep(IMAGE, "web", LIST)
    lists.choose(IMAGE, "worker")
    assert lists.of_container("web") == lists.of_container("worker") == {"DEFAULT": {}}


def test_the_list_of_an_image_goes_with_the_last_container_that_is_to_run_it(lists, tmp_path):
    lists.keep(IMAGE, "web", LIST)
    lists.choose(IMAGE, "worker")
    lists.keep(OTHER, "web", b'{"api": {}}')
    assert lists.of_image(IMAGE) and lists.of_container("web") == {"api": {}}
    lists.choose(OTHER, "worker")
    assert lists.of_image(IMAGE) is None and lists.of_image(OTHER)
    assert len(list(tmp_path.iterdir())) == 3


def test_the_list_that_an_earlier_kolla_kept_for_a_container_holds_until_the_next(
    lists, tmp_path
):
    (tmp_path / "web.json").write_bytes(LIST)
    lists.keep(OTHER, "worker", b'{"api": {}}')
    assert lists.of_container("web") == {"DEFAULT": {}}
    lists.choose(OTHER, "web")
    assert lists.of_container("web") == {"api": {}}
