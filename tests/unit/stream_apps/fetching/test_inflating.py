"""Compressed bodies taken apart: however they are compressed, joined and cut, what comes out is what went in."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.fetching import inflating
from muniment.stream_apps.fetching.inflating import inflated

BLOCKS = st.one_of(
    st.binary(max_size=64),
    # More than comes out, or goes in, at once.
    st.sampled_from([bytes(inflating.PIECE - 1), bytes(inflating.PIECE + 1), bytes(range(256)) * 40]),
)


PADDINGS = st.one_of(st.just(0), st.integers(1, 3), st.sampled_from([512, inflating.AT_ONCE, inflating.AT_ONCE * 3]))


def taken_apart(body: bytes, cut: int) -> list[bytes]:
    """What comes out of a body that arrives in pieces of this size."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), cut):
            yield body[start : start + cut]

    async def read() -> list[bytes]:
        return [piece async for piece in inflated(pieces(), "gzip")]

    return asyncio.run(read())


@given(parts=st.lists(st.tuples(BLOCKS, st.integers(0, 9), PADDINGS), min_size=1, max_size=6), cut=st.integers(1, 6000))
def test_all_members_come_out_in_order_however_the_body_is_cut(parts: list[tuple[bytes, int, int]], cut: int) -> None:
    """Several members of any content and level, padded with zeros or not, in pieces of any size: the same bytes."""
    body = b"".join(gzip.compress(content, compresslevel=level) + bytes(zeros) for content, level, zeros in parts)
    found = taken_apart(body, cut)
    assert b"".join(found) == b"".join(content for content, *_ in parts) == gzip.decompress(body)
    assert all(0 < len(piece) <= inflating.PIECE for piece in found)


LATE, FOLLOWED = (gzip.compress(content, mtime=0) for content in (b"late", b"x"))


@pytest.mark.parametrize("body", [bytes(20), bytes(3) + LATE, FOLLOWED + b"\0\0more"], ids=["zeros", "late", "more"])
@pytest.mark.parametrize("cut", [1, 4096])
def test_zeros_stand_for_no_member(body: bytes, cut: int) -> None:
    """Nothing but zeros is no body, nor are they its beginning, and what follows them is a member or wrong."""
    with pytest.raises(StepFailure) as error:
        taken_apart(body, cut)
    assert error.value.code is ErrorCode.FETCH_FAILED
