"""All settings together, and what a running stack fills in of them.

What is left unset and is marked *embedded* is filled in by the stack that `muniment up` runs in the same folder (see
`muniment.infra.stack.record`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from muniment.infra.settings.addresses import Addresses
from muniment.infra.settings.console import Console
from muniment.infra.settings.documents import Documents
from muniment.infra.settings.embedding import Embedding
from muniment.infra.settings.erasure import Erasure
from muniment.infra.settings.keys import Keys
from muniment.infra.settings.live import Live
from muniment.infra.settings.log import Log
from muniment.infra.settings.places import Places
from muniment.infra.settings.processes import Processes
from muniment.infra.settings.requests import Requests
from muniment.infra.settings.sources import PREFIX, FileSource
from muniment.infra.settings.writing import Writing


class Settings(
    Places,
    Documents,
    Embedding,
    Writing,
    Log,
    Processes,
    Keys,
    Erasure,
    Requests,
    Live,
    Console,
    Addresses,
    BaseSettings,
):
    """All settings of all parts. Frozen; change it with `model_copy(update=...)`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then files named there, then `.env`."""
        del file_secret_settings
        return init_settings, env_settings, FileSource(settings_cls), dotenv_settings

    @property
    def blobs(self) -> str:
        """The address of the blob store, default filled in."""
        return self.blob_url or (self.home.resolve() / "blobs").as_uri()

    @property
    def key_ring_file(self) -> Path:
        """The file of the key-encryption keys, default filled in."""
        return self.key_ring or self.home.resolve() / "keys" / "ring.json"

    @property
    def signing_keys_file(self) -> Path:
        """The file of the signing keys, default filled in."""
        return self.signing_keys or self.home.resolve() / "keys" / "signing.json"

    @property
    def checkpoints(self) -> str:
        """The address of the place outside, default filled in."""
        return self.checkpoints_url or (self.home.resolve() / "checkpoints").as_uri()

    @property
    def model_folder(self) -> Path:
        """Where set-up puts the embedded model."""
        return self.home.resolve() / "models" / "multilingual-e5-small"

    @property
    def tokenizer_file(self) -> Path:
        """The tokenizer that sizes chunks, default filled in."""
        return self.embedding_tokenizer or self.model_folder / "tokenizer.json"


GROUPS: tuple[type[BaseModel], ...] = tuple(one for one in Settings.__bases__ if one is not BaseSettings)
"""What the settings are of, in the order of the reference page."""


def with_stack(settings: Settings, recorded: Mapping[str, Any]) -> Settings:
    """Fill what was left unset with what a running stack recorded; what was set stays.

    The key goes with the address: a key meant for another provider is never sent to the embedded one.
    """
    chosen = settings.model_fields_set
    update = {name: value for name, value in recorded.items() if name not in chosen and name in Settings.model_fields}
    if "openai_base_url" in update and "openai_api_key" in recorded:
        update["openai_api_key"] = recorded["openai_api_key"]
    elif "openai_base_url" not in update:
        update.pop("openai_api_key", None)
    for name in {"database_url", "openai_api_key"} & update.keys():
        update[name] = SecretStr(update[name])
    return settings.model_copy(update=update)
