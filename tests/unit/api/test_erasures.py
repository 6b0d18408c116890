"""What may be named in an erasure."""

from uuid import uuid4

import pytest


@pytest.mark.parametrize("kind", ["draft", "project"])
async def test_only_documents_are_erased_by_their_ids(world, kind):
    """Drafts and projects have keys of their own: erased as documents they would lose these, and keep their texts.

    That holds for those that are listed nowhere any more, as they were deleted: their past is kept.
    """
    made = uuid4()
    world.erasures.others[made] = kind
    body = {"document_ids": [str(uuid4()), str(made)], "reason": "asked by letter"}
    async with world.client() as http:
        refused = await http.post("/v1/erasures", headers=world.mine, json=body)
        taken = await http.post("/v1/erasures", headers=world.mine, json=body | {"document_ids": [str(uuid4())]})
    assert refused.status_code == 422, refused.text
    assert f"{made} is a {kind}" in refused.text
    assert taken.status_code == 202, taken.text
    assert len(world.publisher.sent) == 1
