"""Examples of the OpenAPI document: what was signed of the log of the story, and what proves it."""

from typing import Any

from muniment.api.answers import MOMENT
from muniment.api.proofs.answers import HASH, NOTE

_SIGNED: dict[str, Any] = {
    "topic": "muniment.documents",
    "partition": 3,
    "size": 8,
    "root": HASH,
    "next_offset": 8,
    "signed_at": MOMENT,
    "key_id": "sig-56e6e892ce4d4227",
    "note": NOTE,
}
_KEY: dict[str, Any] = {
    "key_id": "sig-56e6e892ce4d4227",
    "public": "76cc9460e082c2ecb3da00a288082fcd8890a8f67f481d1b3747124dafc6681b",
    "vkey": "sig-56e6e892ce4d4227+5f083f0a+AXbMlGDggsLss9oAooiAvM2IkKj2f0gdGzdHEk2vxmgb",
    "created_at": MOMENT,
    "retired_at": None,
    "endorsed_by": None,
    "endorsement": None,
}
ANSWERS: dict[str, Any] = {
    "Checkpoints": {"items": [_SIGNED]},
    "CheckpointAnswer": _SIGNED,
    "SigningKeys": {"installation": "67cebbc22a544f3f", "items": [_KEY]},
    "InclusionProof": {
        "position": "muniment.documents:3:5",
        "first_offset": 5,
        "next_offset": 6,
        "gap": None,
        "leaf_index": 5,
        "leaf_hash": HASH,
        "path": [HASH, HASH, HASH],
        "checkpoint": _SIGNED,
    },
    "ConsistencyProof": {"old": {**_SIGNED, "size": 6}, "new": _SIGNED, "path": [HASH, HASH, HASH]},
}
PARAMETERS: dict[str, Any] = {"topic": "muniment.documents", "partition": 3, "size": 8, "below": 8}
ELSEWHERE: dict[tuple[str, str], Any] = {
    ("/v1/proofs/inclusion", "position"): "muniment.documents:3:5",
    ("/v1/proofs/consistency", "from"): 6,
    ("/v1/proofs/consistency", "to"): 8,
}
