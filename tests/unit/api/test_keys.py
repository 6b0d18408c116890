"""What a key can be made for."""

import pytest

from muniment.api.keys import Scope, create_key


async def test_nobody_is_called_as_the_house_is():
    """What is the house's every auditor sees: a tenant of that name would show all of its own."""
    with pytest.raises(ValueError, match="take another name"):
        await create_key(None, tenant="muniment", name="x", scopes=[Scope.SEARCH])
