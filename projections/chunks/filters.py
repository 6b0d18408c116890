"""What narrows a search, as a condition on documents, pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections.like import containing

JOIN = "join {documents} d on d.tenant = a.tenant and d.document_id = a.document_id"

# Of the tenant alone, which the planner finds out from the first of the pair.
_IN_PROJECT = """(a.tenant, a.document_id) in (
    select m.tenant, m.document_id from {{project_documents}} m where m.project_id = {})"""


@dataclass(frozen=True)
class Filters:
    """Every given part must hold.

    Attributes:
        document_ids: Only these documents.
        media_type: Exactly this one.
        metadata: Each of these keys has this value.
        created_from: Created at or after.
        created_to: Created before.
        title: The title contains this, in any case.
        project_id: Only documents that are in this project, at the moment of the search.

    """

    document_ids: tuple[UUID, ...] = ()
    media_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_from: datetime | None = None
    created_to: datetime | None = None
    title: str | None = None
    project_id: UUID | None = None

    def condition(self, first: int) -> tuple[str, str, list[Any]]:
        """The join, the condition (starting with `and`) and its parameters, numbered from `first`.

        `a` is the active version, `d` its document.
        """
        parts: list[tuple[str, Any]] = []
        if self.document_ids:
            parts.append(("a.document_id = any({})", list(self.document_ids)))
        if self.media_type is not None:
            parts.append(("d.media_type = {}", self.media_type))
        if self.metadata:
            parts.append(("d.metadata @> {}::text::jsonb", json.dumps(dict(self.metadata), ensure_ascii=False)))
        if self.created_from is not None:
            parts.append(("d.created_at >= {}", self.created_from))
        if self.created_to is not None:
            parts.append(("d.created_at < {}", self.created_to))
        if self.title is not None:
            parts.append(("d.title ilike {}", containing(self.title)))
        if self.project_id is not None:
            parts.append((_IN_PROJECT, self.project_id))
        join = JOIN if any("d." in text for text, _ in parts) else ""
        texts = [text.format(f"${number}") for number, (text, _) in enumerate(parts, first)]
        return join, "".join(f" and {text}" for text in texts), [value for _, value in parts]
