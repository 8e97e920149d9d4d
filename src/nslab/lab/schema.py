"""The JSON Schema of a lab file, for editors: made from the words that the loader accepts.

`python -m nslab.lab.schema` prints it. It says what each key takes; what only the whole file can
tell (an address outside its subnet, a name given twice) the loader alone says.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

from nslab.lab import expect, names, publish
from nslab.lab.read import METRICS, MTU
from nslab.lab.words import (
    BRIDGE,
    CABLE,
    ENDPOINT,
    HOST,
    LAB,
    NODE,
    NODE_UPLINK,
    ROUTE,
    UPLINK,
    Kind,
    Words,
)

if TYPE_CHECKING:
    from nslab.lab.document import Tree

_IFNAME = rf"(?!(\.|\.\.|lo|all|default)$){names.IFNAME.pattern}"
_OWN_NAME = rf"(?!{names.OUTSIDE}(:|$)){names.NAME.pattern}"
_ADDRESS = r"[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*"


def schema() -> dict[str, Tree]:
    """Give the schema (JSON Schema 2020-12) as a tree."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nslab lab file",
        "description": "A virtual network: bridges, cables and nodes.",
        **_object(LAB),
        "$defs": {
            "bridge": {**_object(BRIDGE), "type": ["object", "null"]},
            "cable": _object(CABLE),
            "endpoint": {"oneOf": [_text(f"^{_OWN_NAME}(:{_IFNAME})?$"), _object(ENDPOINT)]},
            "hostLink": _object(HOST),
            "node": {**_object(NODE), "type": ["object", "null"]},
            "nodeUplink": _object(NODE_UPLINK),
            "route": {
                **_object(ROUTE),
                "anyOf": [{"required": ["via"]}, {"required": ["dev"]}],
            },
            "uplink": _object(UPLINK),
        },
    }


def _object(words: Words) -> dict[str, Tree]:
    ready = {key: word for key, word in words.items() if word.kind is not Kind.LATER}
    tree: dict[str, Tree] = {"type": "object", "additionalProperties": False}
    tree["properties"] = {
        key: {"description": word.doc, **_KINDS[word.kind]} for key, word in ready.items()
    }
    if required := [key for key, word in ready.items() if word.required]:
        tree["required"] = [*required]
    return tree


def _text(pattern: str) -> dict[str, Tree]:
    return {"type": "string", "pattern": pattern}


def _texts(pattern: str) -> dict[str, Tree]:
    """One text, or a list of them."""
    return {"oneOf": [_text(pattern), {"type": "array", "items": _text(pattern)}]}


def _whole(low: int, high: int) -> dict[str, Tree]:
    return {"type": "integer", "minimum": low, "maximum": high}


def _by_name(of: str) -> dict[str, Tree]:
    return {
        "type": ["object", "null"],
        "propertyNames": _text(f"^{_OWN_NAME}$"),
        "additionalProperties": {"$ref": f"#/$defs/{of}"},
    }


def _list(of: str) -> dict[str, Tree]:
    return {"type": ["array", "null"], "items": {"$ref": f"#/$defs/{of}"}}


_KINDS: dict[Kind, dict[str, Tree]] = {
    Kind.VERSION: {"const": 1},
    Kind.NAME: _text(f"^{names.NAME.pattern}$"),
    Kind.NODE: _text(f"^{_OWN_NAME}(:{_IFNAME})?$"),
    Kind.IFNAME: _text(f"^{_IFNAME}$"),
    Kind.SUBNETS: _texts(f"^({_ADDRESS})(/[0-9]{{1,3}})?$"),
    Kind.ADDRESSES: _texts(f"^({_ADDRESS})(/[0-9]{{1,3}})?$"),
    Kind.ADDRESS: _text(f"^({_ADDRESS})$"),
    Kind.DST: _text(f"^(default|({_ADDRESS})(/[0-9]{{1,3}})?)$"),
    Kind.MAC: _text(f"^{names.MAC.pattern}$"),
    Kind.MTU: _whole(*MTU),
    Kind.METRIC: _whole(*METRICS),
    Kind.FLAG: {"type": "boolean"},
    Kind.PUBLISH: _texts(f"^{re.sub('[?]P<[a-z]+>', '?:', publish.FORM.pattern)}$"),
    Kind.UPLINK: {"oneOf": [{"type": "boolean"}, {"$ref": "#/$defs/uplink"}]},
    Kind.HOST: {"oneOf": [_text(f"^{_IFNAME}$"), {"$ref": "#/$defs/hostLink"}]},
    Kind.NODE_UPLINK: {"oneOf": [{"type": "boolean"}, {"$ref": "#/$defs/nodeUplink"}]},
    Kind.SYSCTL: {
        "type": ["object", "null"],
        "propertyNames": _text(r"^net[./][!-~]+$"),
        "additionalProperties": {"type": ["string", "integer", "boolean"]},
    },
    Kind.BRIDGES: _by_name("bridge"),
    Kind.CABLES: _list("cable"),
    Kind.NODES: _by_name("node"),
    Kind.PORTS: _list("endpoint"),
    Kind.ENDS: {
        "type": "array",
        "items": {"$ref": "#/$defs/endpoint"},
        "minItems": 2,
        "maxItems": 2,
    },
    Kind.ROUTES: _list("route"),
    Kind.EXPECT: {
        "type": ["string", "array", "null"],
        "pattern": f"^{expect.SCHEMA}$",
        "items": _text(f"^{expect.SCHEMA}$"),
    },
}


def text() -> str:
    """Give the schema as it stands in `docs/lab.schema.json`."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
