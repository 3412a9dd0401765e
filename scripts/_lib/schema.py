"""Checks JSON against a JSON schema: the part of the standard that deployments/schema.json uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

KNOWN = {
    "$defs",
    "$ref",
    "$schema",
    "additionalProperties",
    "anyOf",
    "description",
    "items",
    "minimum",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "title",
    "type",
}
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "object": dict,
    "string": str,
}


class SchemaError(ValueError):
    """The schema itself uses something this checker does not know."""


def problems(data: Any, schema: Mapping[str, Any]) -> list[str]:
    """What breaks the schema, each with its place; empty if nothing does. Raises SchemaError."""
    return [*_check(data, schema, schema, "")]


def _check(
    data: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str
) -> Iterator[str]:
    if odd := set(schema) - KNOWN:
        raise SchemaError(f"unknown in a schema: {', '.join(sorted(odd))}")
    where = place or "the file"
    if "$ref" in schema:
        yield from _check(data, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place)
    if "anyOf" in schema:
        answers = [[*_check(data, one, root, place)] for one in schema["anyOf"]]
        if all(answers):
            # Of the alternative that is at least of the right type, if there is one.
            yield min(answers, key=lambda answer: answer[0].startswith(f"{where} is not of"))[0]
            return
    if "type" in schema and not _is(data, schema["type"]):
        yield f"{where} is not of type {schema['type']}"
        return
    if isinstance(data, str) and not re.fullmatch(schema.get("pattern", ".*"), data, re.DOTALL):
        yield f"{where} is {data!r}, which does not match {schema['pattern']}"
    if _is(data, "integer") and data < schema.get("minimum", data):
        yield f"{where} is {data}, below {schema['minimum']}"
    if isinstance(data, list) and "items" in schema:
        for number, item in enumerate(data):
            yield from _check(item, schema["items"], root, f"{place}[{number}]")
    if isinstance(data, dict):
        yield from _check_object(data, schema, root, place)


def _check_object(
    data: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], place: str
) -> Iterator[str]:
    where = place or "the file"
    for name in schema.get("required", ()):
        if name not in data:
            yield f"{where} has no {name}"
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name, item in data.items():
        at = f"{place}.{name}" if place else name
        if "propertyNames" in schema:
            yield from _check(name, schema["propertyNames"], root, f"the name of {at}")
        if name in known:
            yield from _check(item, known[name], root, at)
        elif others is False:
            yield f"{where} has an unknown {name}"
        elif isinstance(others, dict):
            yield from _check(item, others, root, at)


def _is(data: Any, kind: str) -> bool:
    if kind not in TYPES:
        raise SchemaError(f"unknown type in a schema: {kind}")
    if isinstance(data, bool):
        return kind == "boolean"
    return isinstance(data, TYPES[kind])
