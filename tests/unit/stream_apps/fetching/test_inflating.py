"""Compressed bodies taken apart: however they are compressed, joined and cut, what comes out is what went in."""

import asyncio
import gzip
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.fetching import inflating
from muniment.stream_apps.fetching.inflating import inflated

BLOCKS = st.one_of(
    st.binary(max_size=64),
    # More than comes out, or goes in, at once.
    st.sampled_from([bytes(inflating.PIECE - 1), bytes(inflating.PIECE + 1), bytes(range(256)) * 40]),
)


@given(parts=st.lists(st.tuples(BLOCKS, st.integers(0, 9)), min_size=1, max_size=6), cut=st.integers(1, 6000))
def test_all_members_come_out_in_order_however_the_body_is_cut(parts: list[tuple[bytes, int]], cut: int) -> None:
    """Several members of any content and level, in pieces of any size: the same bytes, none of them empty pieces."""
    body = b"".join(gzip.compress(content, compresslevel=level) for content, level in parts)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), cut):
            yield body[start : start + cut]

    async def read() -> list[bytes]:
        return [piece async for piece in inflated(pieces(), "gzip")]

    found = asyncio.run(read())
    assert b"".join(found) == b"".join(content for content, _ in parts)
    assert all(0 < len(piece) <= inflating.PIECE for piece in found)
