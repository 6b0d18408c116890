"""The Merkle tree by its definition: slow, and nothing in it to get wrong."""

from hashlib import sha256

from muniment.schemas.proofs.merkle import node_hash


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word, over leaves that are hashed already."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))
