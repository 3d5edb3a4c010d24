"""How does a person read the OpenAPI document? As one page, made here, that needs no network and no script."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .plain_page import heading, page, paragraph, table, verbatim


def docs_page(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document.

    Args:
        document: as `GET /openapi.json` gives it.
    """
    blocks = [paragraph(document["info"]["description"]), paragraph("For programs: GET /openapi.json.")]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            blocks += _operation(f"{method.upper()} {path}", operation)
    blocks.append(heading("Schemas"))
    for name, schema in document["components"]["schemas"].items():
        blocks += _schema(name, schema)
    return page(f"{document['info']['title']} {document['info']['version']}", blocks)


def _operation(name: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield heading(name)
    yield paragraph(operation.get("description", operation["summary"]).split("\n\n")[0])
    asked = [(p["name"], p["in"], p.get("description", "")) for p in operation.get("parameters", ())]
    if asked:
        yield table(("parameter", "in", "meaning"), asked)
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield table(("body", "schema"), [(media, content["schema"]["type"])])
        if content["schema"]["type"] == "object":
            yield verbatim(json.dumps(content["schema"]["properties"], indent=1, ensure_ascii=False))
    answers = [(code, _name(answer), answer["description"]) for code, answer in operation["responses"].items()]
    yield table(("status", "schema", "meaning"), answers)


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield heading(name)
    yield paragraph(schema.get("description", ""))
    rows = [(key, _kind(value), value.get("description", "")) for key, value in schema.get("properties", {}).items()]
    yield table(("field", "type", "meaning"), rows)


def _name(answer: Mapping[str, Any]) -> str:
    schemas = [content.get("schema", {}) for content in answer.get("content", {}).values()]
    return ", ".join(filter(None, map(_kind, schemas)))


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in words.

    >>> _kind({"type": "array", "items": {"anyOf": [{"$ref": "#/components/schemas/Scene"}, {"type": "null"}]}})
    'array of Scene or null'
    """
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    inside = f" of {_kind(schema['items'])}" if "items" in schema else ""
    return schema.get("type", "") + inside
