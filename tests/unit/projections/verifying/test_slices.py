"""Documents are placed in partitions as Kafka's producers place them."""

from uuid import UUID

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.verifying.slices import documents_in, partition_of


@given(st.lists(st.uuids(), unique=True, max_size=40), st.integers(1, 50))
def test_each_document_is_in_the_slice_of_its_partition(documents: list[UUID], partitions: int) -> None:
    """Every document is in exactly one slice: that of the partition in which a producer puts its records."""
    every = list(range(partitions))
    found = {number: documents_in(number, partitions, documents) for number in every}
    for document in documents:
        key = str(document).encode()
        placed = DefaultPartitioner()(key, every, every)
        assert [number for number, inside in found.items() if document in inside] == [placed]
        assert partition_of(key, partitions) == placed
