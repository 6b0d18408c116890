"""An import is under way, and somebody waits for one small document: it does not stand in line.

How long somebody waits is for the benchmark to say (`make bench PART=lanes`); here is only who comes before whom.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from support.partitions import ids_of
from support.stack import Api, Stack, until

IMPORT = 100
INTERACTIVE = 3
CALL_S = 1.5
"""Of the model: the bulk lane has four documents in work at once, so that the import takes more than half a minute."""
TEXT = "Paragraph {n} of document {d} tells how the boiler of house {d} was mended on day {n} of the year. " * 4
LEFT = """select count(*) from read.jobs where tenant = $1 and lane = 'bulk' and "end" is null"""


def text(document: str, paragraphs: int = 1) -> str:
    return "\n\n".join(TEXT.format(n=n, d=document) for n in range(paragraphs))


def searchable(api: Api, done: dict[str, Any]) -> bool:
    return api._searchable(done["document_id"], 1)


def test_whoever_is_waited_for_overtakes_an_import_that_is_under_way(stack: Stack, api: Api) -> None:
    """Interactive documents, one after another, overtake the last one of an import; all of them are of one partition.

    Where the broker keeps them in one line, nothing but the lanes lets one by.
    """
    ids = ids_of(stack, 0)
    # The question of `searchable` is embedded once, before the model is slow.
    api.indexed(text("first"), "first.txt", document_id=next(ids))
    stack.endpoint.misbehave({"kind": "hang", "seconds": CALL_S, "times": 10_000})

    def give(number: int, document_id: str) -> dict[str, Any]:
        return api.submit(text(f"import-{number}", 3), f"import-{number}.txt", lane="bulk", document_id=document_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give, range(IMPORT), [next(ids) for _ in range(IMPORT)]))
    in_line = api.submit(text("in-line"), "in-line.txt", lane="bulk", document_id=next(ids))
    for number in range(INTERACTIVE):
        name = f"wanted-{number}"
        wanted = api.submit(text(name), f"{name}.txt", lane="interactive", document_id=next(ids))
        until("it is searchable", lambda wanted=wanted: searchable(api, wanted), 240, every_s=0.05)
    assert not searchable(api, in_line), "one after another, they took as long as one that stands in line"
    assert waiting_of_import(stack, api.tenant) > 1, "the import was over before: it proves nothing"
    stack.endpoint.reset()
    until("the import ends", lambda: waiting_of_import(stack, api.tenant) == 0, 300, every_s=0.5)
    until("what stood in line is searchable", lambda: searchable(api, in_line))


def waiting_of_import(stack: Stack, tenant: str) -> int:
    """Bulk jobs that have not ended."""
    return int(stack.rows(LEFT, tenant)[0][0])
