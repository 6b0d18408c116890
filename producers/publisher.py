"""The port through which every record reaches the log."""

from typing import Protocol

from muniment.schemas.record import Record


class Publisher(Protocol):
    """Sends records, confirmed."""

    async def send(self, record: Record) -> Record:
        """Send a record and wait for the broker's word (`acks=all`).

        Returns the record with its partition, offset and timestamp.

        Raises:
            StepFailure: `log_unavailable` when the broker did not confirm in time (the record may be there all
                the same: ids are derived, so sending it again is safe), or refused it for this machine's clock, which
                the detail says then; `record_too_large`.

        """
        ...
