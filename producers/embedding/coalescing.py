"""Gathers the texts of concurrent callers into few, well-filled calls, without ever waiting for a batch to fill.

While fewer than `concurrency` calls are under way a request goes out at once. Past that, what arrives waits and is
packed: the busier the endpoint, the fuller the calls. A text that is already under way is not sent again.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from muniment.producers.embedding.cost import apportion
from muniment.producers.embedding.embedder import BatchTooLarge, Embedded, Embedder, Purpose, nothing
from muniment.producers.embedding.noting import noting
from muniment.producers.embedding.packing import pack
from muniment.producers.embedding.paid import Paid, owner
from muniment.producers.embedding.piece import Ask, Piece, collected
from muniment.producers.urgency import rank
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

FAVOURED_IN_A_ROW = 4
"""After as many calls of a favoured lane, whoever has waited longest goes: nobody starves."""
UNWANTED_S = 5.0
"""How long a call goes on that was sent and that nobody waits for any more: its answer is paid for."""
_LANES = 5
"""Queries; what somebody waits for; small requests; everything else; bulk work, whatever its size."""


class CoalescingEmbedder:
    """An embedder in front of another one, for all callers of a process."""

    def __init__(
        self, inner: Embedder, *, batch: int = 64, concurrency: int = 3, small: int = 4, paid: Paid | None = None
    ) -> None:
        """`batch`: texts to a call; `concurrency`: calls at once; `small`: passages that go before more of them."""
        if min(batch, concurrency) < 1:
            raise ValueError("batch and concurrency are at least 1")
        self._inner, self._batch, self._concurrency, self._small = inner, batch, concurrency, small
        self._lanes: tuple[deque[Ask], ...] = tuple(deque() for _ in range(_LANES))
        """The most urgent first; a call takes from one lane only."""
        self._flying: dict[tuple[Purpose, str], Piece] = {}
        self._calls: dict[asyncio.Task[None], list[Piece]] = {}
        self._order = itertools.count()
        self._in_a_row = 0
        self._closed = False
        self._paid = paid

    @property
    def model(self) -> str:
        """The model's name."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """Embed `texts`, in as many calls as it takes, some of them shared; raises what the port says.

        Tokens of a shared call are apportioned by length, so that all callers' tokens add up to what was paid.
        """
        if not texts:
            return nothing(self.dimensions)
        if self._closed:
            raise RuntimeError("the embedder is closed")
        pieces = self._join(texts, purpose)
        try:
            self._dispatch()
            await asyncio.wait({piece.settled for piece in pieces.values()})
            return collected(texts, pieces)
        finally:
            self._leave(pieces.values())

    async def close(self) -> None:
        """Stop what is under way; whoever waits gets `StepFailure(provider_unavailable)`.

        What will be paid for anyway is waited for, but no longer than `UNWANTED_S`.
        """
        self._closed = True
        for lane in self._lanes:
            for ask in lane:
                for piece in ask.pieces:
                    self._settle(piece, error=_closing())
            lane.clear()
        calls = list(self._calls)
        kept = [call for call in calls if self._is_kept(self._calls[call])]
        for call in set(calls) - set(kept):
            call.cancel()
        if kept:
            await asyncio.wait(kept, timeout=UNWANTED_S)
        for call in kept:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def _join(self, texts: Sequence[str], purpose: Purpose) -> dict[str, Piece]:
        loop = asyncio.get_running_loop()
        lane = self._lane(len(set(texts)), purpose)
        found: dict[str, Piece] = {}
        new: list[Piece] = []
        for text in texts:
            if text in found:
                continue
            piece = self._flying.get((purpose, text))
            if piece is None:
                epoch = self._paid.epoch if self._paid else 0
                piece = self._flying[purpose, text] = Piece(text, purpose, loop.create_future(), lane, epoch)
                new.append(piece)
            elif piece.call is None and lane < piece.lane:
                # It waits for somebody less urgent: it need not.
                piece.lane = lane
                new.append(piece)
            piece.waiters += 1
            piece.owners.add(owner())
            found[text] = piece
        if new:
            self._lanes[lane].append(Ask(next(self._order), new))
        return found

    def _lane(self, texts: int, purpose: Purpose) -> int:
        if purpose == "query":
            return 0
        return (1, 2 if texts <= self._small else 3, 4)[rank()]

    def _leave(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            piece.waiters -= 1
            if piece.waiters or piece.settled.done():
                continue
            if piece.call is None:
                # Unsent and unwanted: the next call skips it.
                self._forget(piece)
                continue
            together = self._calls.get(piece.call, [])
            if any(other.waiters for other in together):
                continue
            # A call that nobody waits for any more only holds up the others; but it is paid for, and whoever takes
            # the work up again wants its answer.
            if self._is_kept(together):
                asyncio.get_running_loop().call_later(UNWANTED_S, self._give_up, piece.call)
            else:
                self._give_up(piece.call)

    def _is_kept(self, together: list[Piece]) -> bool:
        """Whether the answer is noted for whoever asks for the same texts again."""
        return self._paid is not None and bool(together) and together[0].purpose == "passage"

    def _give_up(self, call: "asyncio.Task[None]") -> None:
        together = self._calls.get(call, [])
        if not any(piece.waiters for piece in together):
            for piece in together:
                self._forget(piece)
            call.cancel()

    def _dispatch(self) -> None:
        while len(self._calls) < self._concurrency:
            taken = self._take()
            if not taken:
                return
            call = asyncio.create_task(self._call(taken))
            pieces = [piece for share in taken for piece in share]
            self._calls[call] = pieces
            for piece in pieces:
                piece.call = call
            call.add_done_callback(self._landed)

    def _take(self) -> list[list[Piece]]:
        """The next call's texts, by caller."""
        for lane in self._lanes:
            while lane and not lane[0].live():
                lane.popleft()
        waiting = [lane for lane in self._lanes if lane]
        if not waiting:
            return []
        lane = waiting[0]
        if self._in_a_row >= FAVOURED_IN_A_ROW:
            lane = min(waiting, key=lambda candidate: candidate[0].order)
        self._in_a_row = self._in_a_row + 1 if lane is waiting[0] and len(waiting) > 1 else 0
        return self._taken_from(lane)

    def _taken_from(self, lane: deque[Ask]) -> list[list[Piece]]:
        parts = next(pack((len(ask.live()) for ask in lane), self._batch))
        shares = [lane[part.caller].pieces[part.start : part.stop] for part in parts]
        last = parts[-1]
        for _ in range(last.caller):
            lane.popleft()
        lane[0].pieces = lane[0].pieces[last.stop :]
        if not lane[0].pieces:
            lane.popleft()
        return shares

    async def _call(self, shares: list[list[Piece]]) -> None:
        error = await self._send([piece for share in shares for piece in share])
        if isinstance(error, BatchTooLarge):
            await self._halved([piece for share in shares for piece in share], error)
            return
        rejected = isinstance(error, StepFailure) and error.code is ErrorCode.PROVIDER_REJECTED
        if error is not None and rejected and len(shares) > 1:
            # One caller's bad text must not fail its neighbours: each caller is asked for alone.
            for share in shares:
                wanted = [piece for piece in share if piece.waiters]
                if wanted:
                    self._fail(wanted, await self._send(wanted))
            return
        self._fail([piece for share in shares for piece in share], error)

    async def _halved(self, pieces: list[Piece], error: StepFailure) -> None:
        """Ask in halves for what was too much at once; what is too large alone fails alone."""
        if len(pieces) == 1:
            self._fail(pieces, error)
            return
        middle = len(pieces) // 2
        for half in (pieces[:middle], pieces[middle:]):
            wanted = [piece for piece in half if piece.waiters]
            found = await self._send(wanted) if wanted else None
            if isinstance(found, BatchTooLarge):
                await self._halved(wanted, found)
            else:
                self._fail(wanted, found)

    async def _send(self, pieces: list[Piece]) -> Exception | None:
        """One call; settles the pieces if it went well, else hands the error back."""
        noted: list[Embedded] = []

        def note(answer: Embedded) -> None:
            if not noted:
                noted.append(answer)
                self._note(pieces, answer)

        try:
            with noting(note):
                answer = await self._inner.embed([piece.text for piece in pieces], purpose=pieces[0].purpose)
        except Exception as error:  # noqa: BLE001 - it belongs to the callers, not to this task
            return error
        if len(answer.vectors) != len(pieces):
            detail = f"{len(answer.vectors)} vectors for {len(pieces)} texts"
            return StepFailure(ErrorCode.EMBEDDING_BAD_ANSWER, detail)
        note(answer)
        tokens = apportion(answer.tokens, [piece.weight for piece in pieces])
        for piece, vector, share in zip(pieces, answer.vectors, tokens, strict=True):
            piece.tokens = share
            self._settle(piece, vector=vector)
        return None

    def _note(self, pieces: list[Piece], answer: Embedded) -> None:
        """Keep an answer for whoever asks for the same texts again, before anybody uses it."""
        if self._paid is None or pieces[0].purpose != "passage" or len(answer.vectors) != len(pieces):
            return
        with self._paid.alone():
            # What was asked for before an erasure may be erased text: nobody can say, so it is not kept.
            kept = [place for place, piece in enumerate(pieces) if piece.epoch == self._paid.epoch]
            # The adapter may call from another thread: what callers add to meanwhile is not iterated over.
            owners = {place: tuple(pieces[place].owners) for place in kept}
            for whose in {one for several in owners.values() for one in several}:
                mine = [place for place in kept if whose in owners[place]]
                self._paid.note(whose, [pieces[place].text for place in mine], answer.vectors[mine])

    def _fail(self, pieces: list[Piece], error: Exception | None) -> None:
        if error is not None:
            for piece in pieces:
                self._settle(piece, error=error)

    def _landed(self, call: "asyncio.Task[None]") -> None:
        for piece in self._calls.pop(call):
            if not piece.settled.done():
                self._settle(piece, error=_closing())
        if not self._closed:
            self._dispatch()

    def _settle(
        self, piece: Piece, *, vector: NDArray[np.float32] | None = None, error: Exception | None = None
    ) -> None:
        self._forget(piece)
        if not piece.settled.done():
            piece.vector, piece.error = vector, error
            piece.settled.set_result(None)

    def _forget(self, piece: Piece) -> None:
        key = (piece.purpose, piece.text)
        if self._flying.get(key) is piece:
            del self._flying[key]


def _closing() -> StepFailure:
    return StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "the process stopped asking the embedding endpoint")
