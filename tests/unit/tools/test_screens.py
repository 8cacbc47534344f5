"""The pictures of terminals that tools/screens draws."""

import importlib.machinery
import importlib.util
import pathlib
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[3] / "tools" / "screens"


@pytest.fixture(scope="module")
def screens():
    loader = importlib.machinery.SourceFileLoader("screens", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("screens", loader))
    loader.exec_module(module)
    return module


def test_a_picture_has_the_command_its_output_and_nothing_from_elsewhere(screens):
    drawing = screens.picture("\033[32mhealthy\033[0m\n", "set check")
    assert "healthy" in drawing and "set&#160;check" in drawing
    assert "@font-face" not in drawing and "url(http" not in drawing


def test_a_command_sees_a_terminal_of_80_columns(screens):
    code = "import os, sys; print(sys.stdout.isatty(), *os.get_terminal_size())"
    assert screens.shown([sys.executable, "-c", code]) == "True 80 24\n"
