"""Key-encryption keys in AWS KMS, or anything that speaks its API: they never leave it (`Encrypt`, `Decrypt`).

A data key is sent to KMS and comes back wrapped, bound to its place by the encryption context. A key id here is what
KMS calls the key that was used, so that a change of the alias, or of the key, is told from what is wrapped already.
KMS rotates the material behind one key by itself; rotating to another key is `muniment keys rotate-kek`.
"""

import asyncio
from typing import Any

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

CONNECT_S, READ_S = 3, 10
_CONTEXT = "muniment"


class KmsWrapping:
    """See `Wrapping`. `key` is a key's id, ARN or alias; credentials are found as every AWS client finds them.

    Raises:
        ImportError: `boto3` is not installed (the extra `kms`).

    """

    def __init__(self, key: str, *, endpoint: str | None = None, region: str | None = None, **options: Any) -> None:
        import boto3  # noqa: PLC0415 - an extra: who does not use KMS need not have it
        from botocore.config import Config  # noqa: PLC0415 - as above

        config = Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"max_attempts": 3, "mode": "standard"})
        self._key = key
        self._client = boto3.client("kms", endpoint_url=endpoint, region_name=region, config=config, **options)

    async def current(self) -> str:
        """See `Wrapping.current`: the ARN of the key."""
        answer = await self._call("describe_key", KeyId=self._key)
        return str(answer["KeyMetadata"]["Arn"])

    async def wrap(self, secret: bytes, *, aad: bytes) -> tuple[str, bytes]:
        """See `Wrapping.wrap`."""
        answer = await self._call(
            "encrypt", KeyId=self._key, Plaintext=secret, EncryptionContext={_CONTEXT: aad.decode()}
        )
        return str(answer["KeyId"]), bytes(answer["CiphertextBlob"])

    async def unwrap(self, kek_id: str, wrapped: bytes, *, aad: bytes) -> bytes:
        """See `Wrapping.unwrap`."""
        answer = await self._call(
            "decrypt", KeyId=kek_id, CiphertextBlob=wrapped, EncryptionContext={_CONTEXT: aad.decode()}
        )
        return bytes(answer["Plaintext"])

    async def _call(self, name: str, **values: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see above

        try:
            # In a thread: the client blocks. A key is unwrapped once and then cached.
            return await asyncio.to_thread(getattr(self._client, name), **values)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise StepFailure(ErrorCode.KEY_RING_UNUSABLE, f"KMS refused {name}: {code}") from error
        except BotoCoreError as error:
            raise StepFailure(ErrorCode.KEY_RING_UNUSABLE, f"KMS: {type(error).__name__}") from error
