"""Turns RabbitMQ's configuration schemas into kolla's option list, on standard output.

A schema is a sequence of Erlang terms: {mapping, "key.$variable", "target", [properties]}.
"""

import json
import re
import sys

COMMENT = re.compile(r"^\s*%.*$", re.MULTILINE)
MAPPING = re.compile(
    r'^\{mapping,\s*"([^"]+)",\s*"[^"]+",\s*(.*?)\}\.\s*$', re.DOTALL | re.MULTILINE
)
ENUM = re.compile(r"\{datatype,\s*\{enum,\s*\[([^]]*)\]\}\}")
SIMPLE = re.compile(r"\{datatype,\s*(integer|float|flag)\}")
TYPES = {"integer": "integer", "float": "float", "flag": "boolean"}


def option(properties: str) -> dict:
    """The type of one key; whatever is not simple is a string."""
    if enum := ENUM.search(properties):
        choices = [choice.strip(" '\n") for choice in enum[1].split(",")]
        if sorted(choices) == ["false", "true"]:
            return {"type": "boolean"}
        return {"type": "string", "choices": choices}
    simple = SIMPLE.search(properties)
    return {"type": TYPES[simple[1]] if simple else "string"}


def options(schema: str) -> dict[str, dict]:
    """All keys of a schema; a variable part of a key ($name) becomes a pattern (*)."""
    return {
        re.sub(r"\$\w+", "*", key): option(properties)
        for key, properties in MAPPING.findall(COMMENT.sub("", schema))
    }


def main(paths: list[str]) -> None:
    known: dict[str, dict] = {}
    for path in sorted(paths):
        with open(path, encoding="utf-8") as file:
            known |= options(file.read())
    json.dump({"DEFAULT": known}, sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
