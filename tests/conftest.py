"""What all tests share."""

import pytest

pytest.register_assert_rewrite(
    "tests.functional.harness", "tests.functional.watching", "tests.functional.cloud.client"
)
