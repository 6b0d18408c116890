"""How drafts and scripts look to a person."""

from collections.abc import Mapping
from typing import Any

Found = Mapping[str, Any]
_STYLES = {"same": "", "removed": "red strike", "added": "green"}
_WORDS = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
"""Where there are no colours: as `wdiff` writes it."""


def draft(found: Found) -> None:
    """A draft: what it is, its text, and its citations."""
    console = _console()
    console.print(_head(found), highlight=False, markup=False)
    _charges(found)
    if found["reason"]:
        console.print(f"reason: {found['reason']}", highlight=False, markup=False)
    if found["text"]:
        console.print()
        console.print(found["text"], highlight=False, markup=False)
    citations(found)


def outcome(found: Found) -> None:
    """What came of a draft whose text was shown already."""
    console = _console()
    console.print(_head(found), highlight=False, markup=False)
    _charges(found)
    citations(found)


def citations(found: Found) -> None:
    """What each mark leads to, and whether it holds."""
    from rich.text import Text

    from muniment.infra.cli import render

    rows = [
        (
            f"[{c['number']}]",
            Text("holds", style="green") if c["holds"] else Text("does not hold", style="red"),
            _title(c),
            c["version"] or None,
            c["page"],
            f"{c['start']}–{c['end']}" if c["document_id"] else "",
            "" if c["standing"] == "active" else c["standing"],
        )
        for c in found["citations"]
    ]
    if rows:
        columns = ("mark", "", "document", "version", "page", "characters", "since then")
        console = _console()
        console.print()
        console.print(render.table(columns, rows, right={"version", "page"}, whole={"mark"}, width=console.width))


def drafts(found: Found) -> None:
    """The drafts of an episode."""
    from muniment.infra.cli import render

    console = _console()
    columns = ("draft", "kind", "state", "script", "asked", "by", "cost")
    rows = [
        (
            d["draft_id"],
            d["kind"],
            render.state(d["state"]),
            _numbers(d),
            render.ago(d["requested_at"]),
            d["requested_by"],
            _cost(d),
        )
        for d in found["items"]
    ]
    shown = render.table(columns, rows, whole={"draft"}, right={"cost"}, spare=("by", "cost"), width=console.width)
    console.print(shown if rows else "no drafts yet: `muniment scripts generate PROJECT EPISODE`")


def difference(found: Found) -> None:
    """Changed words, in the lines that they stand in."""
    from rich.text import Text

    console = _console()
    if not found["hunks"]:
        console.print("no difference")
    for hunk in found["hunks"]:
        console.print(f"@@ line {hunk['old_start']} → {hunk['new_start']} @@", style="dim", highlight=False)
        if hunk["unmatched"]:
            console.print("too much alike to be compared line by line: shown as replaced", style="yellow")
        shown = Text()
        for piece in hunk["words"]:
            text = piece["text"] if console.color_system else _WORDS[piece["op"]].format(piece["text"])
            shown.append(text, style=_STYLES[piece["op"]])
        console.print(shown, end="")


def merged(found: Found) -> None:
    """The text that came of it; where there is none, the conflicts as `diff3` marks them."""
    if found["text"] is not None:
        print(found["text"], end="")
        return
    for region in found["regions"]:
        if region["kind"] == "conflict":
            print(f"<<<<<<< theirs\n{_lined(region['theirs'])}||||||| base\n{_lined(region['base'])}=======")
            print(f"{_lined(region['yours'])}>>>>>>> yours")
        else:
            print(region["yours"] if region["kind"] == "yours" else region["theirs"], end="")


def committed(found: Found) -> None:
    """The version that a draft became."""
    if "number" not in found:
        print(f"on the log, not decided yet: command {found['command_id']}")
        return
    print(f"version {found['number']} of the script is draft {found['draft_id']}")


def history(found: Found) -> None:
    """The versions of a script."""
    from muniment.infra.cli import render

    console = _console()
    columns = ("version", "draft", "kind", "state", "committed", "by", "position")
    rows = [
        (
            v["number"],
            v["draft_id"],
            v["kind"],
            render.state(v["state"] or "deleted"),
            render.ago(v["committed_at"]),
            v["committed_by"],
            v["position"],
        )
        for v in found["items"]
    ]
    spare = ("position", "kind", "by")
    shown = render.table(columns, rows, whole={"draft"}, right={"version"}, spare=spare, width=console.width)
    console.print(shown if rows else "no version yet: `muniment scripts commit DRAFT`")


def sources(found: Found) -> None:
    """The documents that a draft goes back to."""
    from muniment.infra.cli import render

    console = _console()
    columns = ("document", "title", "version", "now", "passages", "cited", "holding")
    rows = [
        (s["document_id"], _title(s), s["version"] or "?", _standing(s), s["passages"], s["cited"], s["holding"])
        for s in found["items"]
    ]
    right = {"passages", "cited", "holding"}
    shown = render.table(columns, rows, whole={"document"}, right=right, spare=("passages",), width=console.width)
    console.print(shown if rows else "it goes back to no document")
    if found["drafts"]:
        console.print(f"made from draft {', then '.join(found['drafts'])}", highlight=False, soft_wrap=True)


def used(found: Found) -> None:
    """The drafts that go back to a document."""
    from muniment.infra.cli import render

    console = _console()
    columns = ("draft", "kind", "state", "script", "used version", "now", "cited", "holding")
    rows = [
        (
            u["draft"]["draft_id"],
            u["draft"]["kind"],
            render.state(u["draft"]["state"]),
            _numbers(u["draft"]),
            u["version"] or "?",
            _standing(u),
            u["cited"],
            u["holding"],
        )
        for u in found["items"]
    ]
    right = {"cited", "holding"}
    shown = render.table(columns, rows, whole={"draft"}, right=right, spare=("kind", "holding"), width=console.width)
    console.print(shown if rows else "no script used it")


def exchange(found: Found) -> None:
    """The whole exchange, part by part, each with its place on the log."""
    from muniment.infra.cli import render

    console = _console()
    for part in ("asked", "prompted", "answered"):
        said = found[part]
        if said is None:
            continue
        console.print()
        rows = [(name.replace("_", " "), value) for name, value in said.items() if _plain(name, value)]
        console.print(render.table((part, said["position"]), rows, width=console.width))
        for message in _messages(said):
            console.print(message, highlight=False, markup=False)
        if part == "prompted" and found["passages"]:
            _passages(found)
    _charges(found)


def _charges(found: Found) -> None:
    """The calls within the cost that nothing came of."""
    for one in found["charges"]:
        counted = "counted here" if one["estimated"] else "by the provider"
        cost = f"{one['cost_micros'] / 1_000_000:.4f}"
        tokens = f"{one['tokens_in']} tokens read, {one['tokens_out']} written ({counted})"
        said = f"try {one['attempt']} cost {cost}, {one['code'].replace('_', ' ')}: {tokens}, at {one['position']}"
        _console().print(said, style="dim", highlight=False, markup=False, soft_wrap=True)


def _passages(found: Found) -> None:
    from muniment.infra.cli import render

    console = _console()
    columns = ("passage", "document", "version", "page", "characters", "score", "by meaning", "by words")
    rows = [
        (
            f"[{p['number']}]",
            _title(p),
            p["version"],
            p["page"],
            f"{p['start']}–{p['end']}",
            f"{p['score']:.4f}",
            p["vector_rank"],
            p["words_rank"],
        )
        for p in found["passages"]
    ]
    console.print(render.table(columns, rows, right={"score"}, whole={"passage"}, width=console.width))


def _messages(said: Found) -> list[str]:
    messages = said.get("messages")
    if isinstance(messages, list):
        return [f"{m.get('role', '')}:\n{m.get('content', '')}\n" for m in messages if isinstance(m, Mapping)]
    return [str(messages)] if messages else [said["text"]] if said.get("text") else []


def _plain(name: str, value: Any) -> bool:
    return name not in {"position", "messages", "text"} and value not in (None, [], "")


def _head(found: Found) -> str:
    parts = [f"draft {found['draft_id']}", found["state"], found["code"] or ""]
    if found["numbers"]:
        parts.append(f"script {_numbers(found)}")
    if found["provider"]:
        parts.append(f"{found['provider']}/{found['model']}")
    parts.append(_cost(found))
    return "  ".join(part for part in parts if part)


def _numbers(found: Found) -> str:
    return ", ".join(str(n) for n in found["numbers"]) + (" *" if found["current"] else "")


def _cost(found: Found) -> str:
    return f"{found['cost_micros'] / 1_000_000:.4f}" if found["cost_micros"] else ""


def _title(found: Found) -> str:
    return found["title"] or found["file_name"] or ("" if found["document_id"] else "leads nowhere")


def _standing(found: Found) -> str:
    if found["standing"] == "replaced":
        return f"replaced by version {found['active_version']}"
    return str(found["standing"])


def _lined(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _console() -> Any:
    from rich.console import Console

    return Console()
