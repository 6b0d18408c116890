"""The first page of auditing: find a thing, and whether everything is as it was sealed and as the log says."""

from starlette.responses import Response

from muniment.api.console.audit.sealing import topics
from muniment.api.console.operations.lag import model_rows, projections_told
from muniment.api.console.view import Viewing
from muniment.projections.registry import PROJECTIONS

MANY = 1000


async def show_overview(view: Viewing) -> Response:
    """The field that finds a timeline, and the state of the evidence at a glance."""
    evidence, overview = view.deps.evidence, view.deps.overview
    sealed = topics(await overview.sealing()) if overview else []
    findings = await evidence.proofs.findings(MANY) if evidence else []
    models = model_rows(list(PROJECTIONS), await projections_told(view.deps), await view.reads.lag())
    return view.show(
        "audit/overview.html",
        sealed=sealed,
        leaves=sum(topic.leaves for topic in sealed),
        halted=sum(topic.halted for topic in sealed),
        signed_at=max((topic.signed_at for topic in sealed if topic.signed_at), default=None),
        outside_at=max((topic.outside_at for topic in sealed if topic.outside_at), default=None),
        findings=sum(one["acknowledged_at"] is None for one in findings),
        acknowledged=sum(one["acknowledged_at"] is not None for one in findings),
        drift=sum(model.drift or 0 for model in models),
        compared=sum(model.drift is not None for model in models),
        models=len(models),
        under_way=await overview.under_way() if overview else [],
    )
