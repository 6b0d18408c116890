"""What the steps share whose records do not depend on one another."""

from muniment.schemas.record import Record
from muniment.stream_apps.step import Step


class UnorderedStep(Step):
    """A step that works on the records of one document side by side, and lets none wait for another's retry."""

    orders = False

    def lane(self, record: Record) -> bytes:
        """Each record its own."""
        return b"%b/%d/%d" % (record.topic.encode(), record.partition or 0, record.offset or 0)
