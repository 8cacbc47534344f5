"""The pages of the manual, and the commands on them."""

import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [
    *sorted((ROOT / "doc/source").glob("*.rst")), *sorted(ROOT.glob("*.rst")),
    *sorted(ROOT.glob("examples/*/README.rst")), *sorted(ROOT.glob("etc/kolla/*.rst")),
    *sorted((ROOT / "doc/source/samples").glob("*/*.txt")),
]
#: A line after a prompt.
PROMPTED = re.compile(r"^\s*[#$] (?:sudo |nohup )?(kolla(?: .*)?)$", re.MULTILINE)
#: A block without prompts, and a line of it.
BLOCK = re.compile(r"::\n\n((?:(?: {4}.*)?\n)+)")
LINE = re.compile(r"^ {4}(?:sudo )?(kolla(?: .*)?)$", re.MULTILINE)
#: In a sentence.
NAMED = re.compile(r"(?:^|[\s(])(?::command:`|``)(kolla [^`]*)`", re.DOTALL)
#: What stands for something else: N is a number, NAME and the like are any word.
NUMBER = re.compile(r"\bN\b")


def lines(text: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", text)
    found = PROMPTED.findall(joined) + LINE.findall("".join(BLOCK.findall(joined)))
    return [line for line in found if not line.startswith("kolla:")]


def named(text: str) -> list[str]:
    return [" ".join(found.split()) for found in NAMED.findall(text)]


def words(line: str) -> list[str]:
    """The arguments of ``kolla`` in a line, without what the shell keeps to itself."""
    line = NUMBER.sub("1", line).replace("…", "").replace("...", "")
    found = list(shlex.split(line, comments=True))
    ends = [found.index(word) for word in ("|", ">", "&&", ";", "&", "||") if word in found]
    return found[1:min(ends, default=None)]
