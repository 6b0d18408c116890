"""All routes of drafts and scripts, in the order in which addresses are looked for."""

from muniment.api.scripts import comparing, exchanging, exporting, reading, streaming, writing

routers = (
    writing.router,
    reading.router,
    comparing.router,
    exporting.router,
    exchanging.router,
    streaming.router,
)
