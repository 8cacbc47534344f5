"""What errors say to an operator."""

import pytest

from kolla.errors import said


@pytest.mark.parametrize("error, words", [
    (PermissionError(13, "Permission denied", "/etc/x"), "Permission denied: /etc/x"),
    (OSError(28, "No space left on device"), "No space left on device"),
    (OSError("timed out"), "timed out"), (ValueError("no number"), "no number"),
])
def test_an_error_of_the_system_is_said_in_words_with_its_file(error, words):
    assert said(error) == words
