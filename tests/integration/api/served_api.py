"""A running API as the tests see it."""

from dataclasses import dataclass
from typing import Any

import httpx2
from support.plain import PLAIN


@dataclass(frozen=True)
class Served:
    """Where it is, and a key of each of two tenants."""

    url: str
    mine: str
    theirs: str
    app: Any

    def client(self, key: str | None = None) -> httpx2.Client:
        """A client with that key; mine when none is given."""
        return httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key or self.mine}"},
            timeout=90,
            trust_env=False,
            verify=PLAIN,
        )
