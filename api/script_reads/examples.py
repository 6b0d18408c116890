"""Examples of drafts and scripts in the OpenAPI document: the story that the other examples tell, gone on with."""

from typing import Any

from muniment.api.answers import DOCUMENT_ID, JOB_ID, MOMENT
from muniment.api.project_reads.answers import EPISODE_ID, PROJECT_ID
from muniment.api.script_reads.answers import DRAFT_ID

BASE_ID = "c0a8f7de-3b52-4e67-8d11-5a9be0c47f23"
OTHER_ID = "9d2b4f60-18c7-4a3e-bb5d-e1f7a6c03d58"
LATER = "2026-11-22T10:16:02.418Z"
TEXT = "Everyone has 25 days of leave a year [1]."
PLACE = "muniment.projects:2:117"

SUMMARY: dict[str, Any] = {
    "draft_id": DRAFT_ID,
    "project_id": PROJECT_ID,
    "episode_id": EPISODE_ID,
    "job_id": JOB_ID,
    "kind": "generated",
    "state": "written",
    "code": None,
    "based_on": None,
    "numbers": [1],
    "current": True,
    "checked": True,
    "language": "en",
    "template": "script",
    "template_version": 1,
    "provider": "openai",
    "model": "gpt-oss-20b",
    "prompt_tokens": 1210,
    "memory_tokens": 640,
    "window_tokens": 8192,
    "tokens_in": 2424,
    "tokens_out": 351,
    "cost_micros": 1190,
    "first_token_ms": 412,
    "written_ms": 6120,
    "finish_reason": "stop",
    "requested_by": "key:0dk6m8a6ic4o",
    "requested_at": MOMENT,
    "ended_at": LATER,
    "erased_at": None,
}
_SOURCE: dict[str, Any] = {
    "document_id": DOCUMENT_ID,
    "title": "Leave policy",
    "file_name": "leave.md",
    "version": 1,
    "standing": "active",
}
CITATION: dict[str, Any] = {
    **_SOURCE,
    "number": 1,
    "ordinal": 0,
    "page": None,
    "start": 9,
    "end": 103,
    "said_from": 0,
    "said_to": 41,
    "holds": True,
    "passage": f"/v1/drafts/{DRAFT_ID}/passages/1",
}
PASSAGE: dict[str, Any] = {
    **_SOURCE,
    "number": 1,
    "ordinal": 0,
    "page": None,
    "start": 9,
    "end": 103,
    "tokens": 24,
    "score": 0.0328,
    "vector_rank": 1,
    "words_rank": 1,
    "heading": "Leave",
    "text": "Everyone has 25 days of leave a year. Days that are left can be taken until the end of March.",
}
SOURCE: dict[str, Any] = {
    **_SOURCE,
    "active_version": 1,
    "inherited": False,
    "passages": 3,
    "cited": 2,
    "holding": 2,
}
DOCUMENT_SCRIPT: dict[str, Any] = {
    "draft": SUMMARY,
    "version": 1,
    "active_version": 2,
    "standing": "replaced",
    "inherited": False,
    "passages": 3,
    "cited": 2,
    "holding": 2,
}
VERSION: dict[str, Any] = {
    "number": 1,
    "draft_id": DRAFT_ID,
    "revision": 2,
    "committed_by": "key:0dk6m8a6ic4o",
    "committed_at": LATER,
    "position": "muniment.projects:2:121",
    "state": "written",
    "kind": "generated",
    "based_on": None,
    "written_by": "key:0dk6m8a6ic4o",
}
_LINES = [{"op": "removed", "text": "It takes 25 days.\n"}, {"op": "added", "text": "It takes 30 days.\n"}]
_WORDS = [
    {"op": "same", "text": "It takes "},
    {"op": "removed", "text": "25"},
    {"op": "added", "text": "30"},
    {"op": "same", "text": " days.\n"},
]
CHARGE: dict[str, Any] = {
    "attempt": 1,
    "provider": "openai",
    "model": "gpt-oss-20b",
    "code": "broken_off",
    "tokens_in": 1210,
    "tokens_out": 40,
    "cost_micros": 320,
    "estimated": True,
    "charged_at": MOMENT,
    "position": "muniment.projects:2:118",
}
HUNK: dict[str, Any] = {
    "old_start": 1,
    "old_lines": 1,
    "new_start": 1,
    "new_lines": 1,
    "lines": _LINES,
    "words": _WORDS,
    "unmatched": False,
}
_ASKED: dict[str, Any] = {
    "position": PLACE,
    "at": MOMENT,
    "by": "key:0dk6m8a6ic4o",
    "brief": "How leave is granted, for newcomers",
    "document_ids": [],
    "based_on": None,
}
_PROMPTED = {
    "position": "muniment.projects:2:119",
    "at": MOMENT,
    "attempt": 2,
    "provider": "openai",
    "model": "gpt-oss-20b",
    "template": "script",
    "template_version": 1,
    "max_tokens": 2000,
    "temperature": 0.2,
    "seed": None,
    "prompt_tokens": 1210,
    "memory_tokens": 640,
    "window_tokens": 8192,
    "memory_token_used_pct": 7.81,
    "sha256": "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
    "messages": [{"role": "system", "content": "Write a script from these passages only."}],
}
_ANSWERED = {
    "position": "muniment.projects:2:120",
    "at": LATER,
    "model": "gpt-oss-20b-2026",
    "text": TEXT,
    "finish_reason": "stop",
    "tokens_in": 1214,
    "tokens_out": 311,
    "cost_micros": 870,
    "first_token_ms": 412,
    "written_ms": 6120,
}
_REGIONS = [
    {"kind": "same", "base": "It takes ", "theirs": "It takes ", "yours": "It takes "},
    {"kind": "conflict", "base": "25", "theirs": "30", "yours": "20"},
]
ANSWERS: dict[str, Any] = {
    "DraftSummary": SUMMARY,
    "Drafts": {"items": [SUMMARY], "next_cursor": None},
    "Draft": {
        **SUMMARY,
        "brief": _ASKED["brief"],
        "text": TEXT,
        "reason": None,
        "citations": [CITATION],
        "charges": [CHARGE],
    },
    "Passage": PASSAGE,
    "Sources": {"items": [SOURCE], "drafts": []},
    "DocumentScripts": {"items": [DOCUMENT_SCRIPT], "next_cursor": None},
    "ScriptVersion": VERSION,
    "ScriptVersions": {"items": [VERSION], "next_cursor": None},
    "Script": {**VERSION, "text": TEXT, "citations": [CITATION]},
    "Difference": {"old": BASE_ID, "new": DRAFT_ID, "hunks": [HUNK]},
    "Merge": {
        "base": BASE_ID,
        "theirs": OTHER_ID,
        "yours": DRAFT_ID,
        "conflicts": 1,
        "text": None,
        "regions": _REGIONS,
    },
    "Exchange": {
        "draft_id": DRAFT_ID,
        "state": "written",
        "origin": DRAFT_ID,
        "asked": _ASKED,
        "prompted": _PROMPTED,
        "passages": [{**PASSAGE, "text": None, "heading": None}],
        "answered": _ANSWERED,
        "charges": [CHARGE],
        "citations": [CITATION],
    },
}
"""By the name of the schema."""
PARAMETERS: dict[str, Any] = {
    "draft_id": DRAFT_ID,
    "draft_state": "written",
    "number": 1,
    "against": BASE_ID,
    "base": BASE_ID,
    "theirs": OTHER_ID,
    "granularity": "word",
    "format": "markdown",
}
"""By the name of the parameter."""
ELSEWHERE: dict[tuple[str, str], Any] = {
    ("/v1/drafts/{draft_id}/events", "Last-Event-ID"): "1042",
    ("/v1/drafts/{draft_id}/diff", "format"): "unified",
}
"""Where a name means something else at a path."""
