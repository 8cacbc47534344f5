"""The picture of an upgrade under load."""

import types
import xml.etree.ElementTree as tree

from tests.benchmarks import plot
from tests.benchmarks.stats import Sample

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_shows_latencies_changes_and_failures():
    samples = [
        Sample("new", at / 100, at / 100, at / 100 + 0.005, "refused" if 400 <= at < 420 else "")
        for at in range(1000)
    ]
    panel = types.SimpleNamespace(
        service="keystone", way="a & b", samples=samples, steady=(0.0, 3.0), changes=[(4.0, 6.0)]
    )
    picture = tree.fromstring(plot.drawing([panel, panel]))
    texts = [element.text for element in picture.iter(f"{SVG}text")]
    assert texts.count("a & b") == 2
    kinds = [element.get("class") for element in picture.iter()]
    assert kinds.count("change") == 2
    assert kinds.count("max") == kinds.count("median") == 4  # before and after the failures
    assert kinds.count("failed") == 4  # 0.2 seconds without an answer, in each panel
