"""The picture of what a virtual machine noticed."""

import types
import xml.etree.ElementTree as tree

from tests.benchmarks import timeline

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_shows_gaps_beyond_the_bar_and_lost_pings():
    line = types.SimpleNamespace(
        target="nova-compute", action="kill -9", took=3.0, gaps=[(0.0, 0.1), (0.1, 0.5)],
        lost=[1.0, 1.05],
    )
    picture = tree.fromstring(timeline.drawing([line, line], 0.25))
    assert [text.text for text in picture.iter(f"{SVG}text")].count("nova-compute kill -9") == 2
    kinds = [element.get("class") for element in picture.iter()]
    assert (kinds.count("done"), kinds.count("gap"), kinds.count("lost")) == (2, 2, 4)
