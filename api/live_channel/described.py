"""The live channel in the AsyncAPI document, made from the models that it is served with. Pure.

Bindings: https://github.com/asyncapi/bindings/tree/master/websockets (0.1.0).
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from muniment.api.live_channel import messages, told

PATH: Final = "/v1/live"
CHANNEL: Final = "live"
BINDING: Final = "0.1.0"
JSON: Final = "application/json"
HEARD: Final[tuple[type[BaseModel], ...]] = get_args(get_args(messages.Message)[0])
"""What a client may send."""
_PREFIX: Final = "live."
_MEANING: Final = """Predictions while somebody types, and answers word by word with what they stand on. Every
message is a JSON text with a `type`. A browser, which can set no header, offers the subprotocol
`muniment.key.<key>` beside `muniment.v1`, or sends the key in its first message."""


def with_live(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of the topics, and the live channel beside them."""
    components = document["components"]
    said = {_key(model): _message(model, "validation") for model in HEARD}
    answered = {_key(model): _message(model, "serialization") for model in told.EVERY}
    return {
        **document,
        "servers": document["servers"] | {"api": _server()},
        "channels": document["channels"] | {CHANNEL: _channel([*said, *answered])},
        "operations": document["operations"]
        | {
            f"api.receive.{CHANNEL}": _operation("receive", "api reads what clients of the live channel send", said),
            f"api.send.{CHANNEL}": _operation("send", "api writes to clients of the live channel", answered),
        },
        "components": components
        | {
            "messages": components["messages"] | said | answered,
            "schemas": components["schemas"] | _schemas(),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key with the scope `search`."}
            },
        },
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{api}",
        "protocol": "ws",
        "description": "An instance of the API.",
        "variables": {"api": {"default": "localhost:8000", "description": "Where it listens, or what is before it"}},
        "security": [{"$ref": "#/components/securitySchemes/key"}],
    }


def _channel(keys: list[str]) -> dict[str, Any]:
    return {
        "address": PATH,
        "title": "Live channel",
        "summary": "A WebSocket for whoever types, or asks.",
        "description": _MEANING,
        "servers": [{"$ref": "#/servers/api"}],
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in keys},
        "bindings": {"ws": {"method": "GET", "bindingVersion": BINDING}},
    }


def _operation(action: str, title: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "action": action,
        "title": title,
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "messages": [{"$ref": f"#/channels/{CHANNEL}/messages/{key}"} for key in keys],
    }


def _message(model: type[BaseModel], mode: str) -> dict[str, Any]:
    return {
        "name": kind(model),
        "title": kind(model),
        "summary": (model.__doc__ or "").strip(),
        "contentType": JSON,
        "payload": {"$ref": f"#/components/schemas/{_PREFIX}{model.__name__}"},
        "x-sent-by": "client" if mode == "validation" else "api",
    }


def kind(model: type[BaseModel]) -> str:
    """The `type` by which a message is known."""
    (name,) = get_args(model.model_fields["type"].annotation)
    return str(name)


def _key(model: type[BaseModel]) -> str:
    return f"{_PREFIX}{kind(model)}"


def _schemas() -> dict[str, Any]:
    template = f"#/components/schemas/{_PREFIX}{{model}}"
    _, heard = models_json_schema([(model, "validation") for model in HEARD], ref_template=template)
    _, sent = models_json_schema([(model, "serialization") for model in told.EVERY], ref_template=template)
    found = heard["$defs"] | sent["$defs"]
    return {f"{_PREFIX}{name}": schema for name, schema in sorted(found.items())}
