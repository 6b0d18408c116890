"""The route that tells a caller who it is."""

from fastapi import APIRouter

from muniment.api import answers
from muniment.api.access import Anyone
from muniment.api.problems.docs import problems

router = APIRouter(prefix="/v1/whoami", tags=["access"])


@router.get(
    "",
    operation_id="whoAmI",
    summary="Tenant and scopes of the key",
    responses=problems("unauthorized", "forbidden", "database_unavailable"),
)
async def who_am_i(who: Anyone) -> answers.WhoAmI:
    """Any valid key may ask; a way to try a key out."""
    return answers.WhoAmI(tenant=who.tenant, key_id=who.key_id, scopes=sorted(who.scopes))
