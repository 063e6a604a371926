"""JSON Schema as our documents use it: values that fit or do not, and a check whether a value fits."""

import random
import re

ODD_TEXTS = ["", " ", "a", "0", "null", "true", "\u0000", "\u202e", "Zoë", "🎉", "a\nb", "'; DROP TABLE x;--", "{{7*7}}", "../..",
             "%00", "\\", '"', "x" * 300, "user_00000000000000000000000000", "<script>alert(1)</script>", "$ne", "\ufeff"]
ODD_VALUES = [None, True, False, 0, -1, 1, 1.5, 1e308, 2**63, -2**63, 2**31, [], {}, [[]], [None], {"": None}, {"$ne": None}]


def resolve(schema: dict, document: dict) -> dict:
    while "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


class Generator:
    """Repeatable by its seed."""

    def __init__(self, document: dict, seed: int):
        self.document = document
        self.random = random.Random(seed)

    def odd(self):
        pick = self.random.choice([0, 1, 1])
        return self.random.choice(ODD_TEXTS if pick else ODD_VALUES)

    def value(self, schema: dict, wildness: float, depth: int = 0):
        """A value of the schema; with the probability `wildness` at each place, something else."""
        schema = resolve(schema, self.document)
        if self.random.random() < wildness or depth > 5:
            return self.odd()
        if "anyOf" in schema or "oneOf" in schema:
            return self.value(self.random.choice(schema.get("anyOf") or schema["oneOf"]), wildness, depth + 1)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kind = schema.get("type")
        kind = self.random.choice(kind) if isinstance(kind, list) else kind
        if kind == "object":
            return self.object(schema, wildness, depth)
        if kind == "array":
            most = min(schema.get("maxItems", 3), 12)
            count = self.random.randint(min(schema.get("minItems", 0), most), most)
            return [self.value(schema.get("items", {}), wildness, depth + 1) for _ in range(count)]
        if kind == "integer":
            return self.random.choice([0, 1, 2, schema.get("minimum", 0), schema.get("maximum", 100)])
        if kind == "number":
            return self.random.choice([0, 0.5, 1, 1e6])
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind == "null":
            return None
        if kind == "string":
            return self.text(schema)
        return self.odd()

    def object(self, schema: dict, wildness: float, depth: int):
        out = {}
        for name, member in schema.get("properties", {}).items():
            if name in schema.get("required", []) and self.random.random() >= wildness or self.random.random() < 0.5:
                out[name] = self.value(member, wildness, depth + 1)
        if self.random.random() < wildness:
            out[self.random.choice(ODD_TEXTS)] = self.odd()
        return out

    def text(self, schema: dict) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength", 40)
        if schema.get("examples"):
            return self.random.choice(schema["examples"])
        if schema.get("format") == "date-time":
            return self.random.choice(["2026-01-31T12:00:00.000Z", "2999-01-31T12:00:00+14:00"])
        length = self.random.choice([least, min(most, least + 5), most])
        return "".join(self.random.choice("ab é日🎉") for _ in range(length))


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def misfit(value, schema: dict, document: dict, path: str = "") -> str | None:
    """Where and why the value does not fit; nothing when it does."""
    schema = resolve(schema, document)
    for branch in ("anyOf", "oneOf"):
        if branch in schema:
            if all(misfit(value, option, document, path) for option in schema[branch]):
                return f"{path}: {value!r:.100} fits no branch"
            return None
    if "enum" in schema and value not in schema["enum"]:
        return f"{path}: {value!r:.100} is not one of {schema['enum']}"
    kind = schema.get("type")
    if kind == "integer" and (not isinstance(value, int) or isinstance(value, bool)):
        return f"{path}: {value!r:.100} is not an integer"
    if kind == "number" and (not isinstance(value, (int, float)) or isinstance(value, bool)):
        return f"{path}: {value!r:.100} is not a number"
    if kind in TYPES and not isinstance(value, TYPES[kind]):
        return f"{path}: {value!r:.100} is not of type {kind}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"{path}: {value!r:.100} does not match {schema['pattern']}"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            return f"{path}: {value!r:.100} has a length out of bounds"
    if isinstance(value, list) and "items" in schema:
        return next(filter(None, (misfit(item, schema["items"], document, f"{path}/{at}")
                                  for at, item in enumerate(value))), None)
    if isinstance(value, dict):
        missing = [name for name in schema.get("required", []) if name not in value]
        if missing:
            return f"{path}: lacks {missing}"
        members = schema.get("properties", {})
        extra = schema.get("additionalProperties", {})
        if extra is False and value.keys() - members.keys():
            return f"{path}: has {sorted(value.keys() - members.keys())}"
        return next(filter(None, (misfit(item, members.get(name, extra if isinstance(extra, dict) else {}), document,
                                         f"{path}/{name}") for name, item in value.items())), None)
    return None
