"""Every setting, once: from the environment, `.env`, or a file named in the environment.

`MUNIMENT_X` sets `x`; `MUNIMENT_X_FILE` names a file that holds it (for secrets). `OPENAI_BASE_URL` and
`OPENAI_API_KEY` keep the names that the rest of the world gives them. A module for what they are of; `whole` is all.
"""

from muniment.infra.settings.sources import variable
from muniment.infra.settings.whole import Settings, with_stack

__all__ = ["Settings", "variable", "with_stack"]
