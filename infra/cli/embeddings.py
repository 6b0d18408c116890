"""`muniment embeddings`: several models side by side; bring one in, compare, switch, drop."""

import json
from pathlib import Path
from typing import Any

import typer

from muniment.infra.cli.client import ApiError, Client
from muniment.infra.cli.ordering import AsJson, Reason, asked, got, ordered

PATH = "/v1/embedding-models"
embeddings = typer.Typer(
    help="Embedding models side by side: bring one in, compare, switch, drop.", invoke_without_command=True
)
Name = typer.Argument(help="The model, as `muniment embeddings list` names it.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(embeddings, name="embeddings")


@embeddings.callback()
def default(context: typer.Context) -> None:
    """Embedding models side by side; without a subcommand, all of them."""
    if context.invoked_subcommand is None:
        list_models(as_json=False)


@embeddings.command("list")
def list_models(as_json: bool = AsJson) -> None:
    """Every model: which one search reads, how much of everything each has vectors of, and what those cost."""
    found = got(PATH)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("model", "state", "covered", "batches left", "length", "tokens", "cost", "changed", "why")
    rows = [
        (
            one["model"],
            render.state(one["state"]),
            _share(one["batches"], found["batches"]) if one["state"] != "dropped" else "",
            one["missing_batches"] if one["state"] != "dropped" else "",
            one["dimensions"] or "",
            one["tokens"],
            _dollars(one["cost_micros"] / 1e6),
            render.ago(one["changed_at"]),
            one["reason"],
        )
        for one in found["items"]
    ]
    console = Console()
    right, spare = {"covered", "batches left", "length", "tokens", "cost"}, ("tokens", "length")
    console.print(render.table(columns, rows, right=right, whole={"model", "state"}, spare=spare, width=console.width))
    console.print(f"\nsearch reads {found['live']}; it sees {found['chunks']} chunks in {found['batches']} batches")
    for one in found["items"]:
        if said := _left_out(one):
            console.print(f"{one['model']} {said}")


@embeddings.command("migrate")
def migrate(
    *,
    to: str = typer.Option(..., "--to", help="The model, as its endpoint calls it."),
    dimensions: int = typer.Option(..., help="Length of its vectors."),
    base_url: str = typer.Option("", help="Its endpoint (ending in /v1), if not that of the settings."),
    query_prefix: str = typer.Option("", help="Put before a question, such as `query: `."),
    passage_prefix: str = typer.Option("", help="Put before a chunk, such as `passage: `."),
    ask_dimensions: bool = typer.Option(False, help="Send the length along: the model can shorten its vectors."),
    price: float = typer.Option(0.0, min=0, help="US dollars a million tokens."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    reason: str = Reason,
    as_json: bool = AsJson,
) -> None:
    """Embed everything with another model, from the log and beside the live one; first says what that takes."""
    body = {
        "model": to,
        "dimensions": dimensions,
        "base_url": base_url,
        "query_prefix": query_prefix,
        "passage_prefix": passage_prefix,
        "ask_dimensions": ask_dimensions,
        "price_per_million_tokens": price,
    }
    found = asked(lambda api: api.post(f"{PATH}/estimate", body))
    if not as_json:
        _tell(found)
    if not yes and not typer.confirm("Begin?", default=False):
        raise typer.Exit(1)
    done = ordered("POST", PATH, {**body, "reason": reason})
    if as_json:
        print(json.dumps({"estimate": found, **done}, ensure_ascii=False))
        return
    name = done["events"][0]["about"]
    print(f"{name} is being filled; see `muniment embeddings list`, then `muniment embeddings switch --to {name}`")


def _tell(found: dict[str, Any]) -> None:
    priced = _dollars(found["cost"]) if found["price_per_million_tokens"] else "no price given (--price)"
    print(f"{found['name']}: {found['texts']} different texts of {found['chunks']} chunks, {found['tokens']} tokens")
    print(f"  cost  {priced}")
    print(f"  time  {_span(found['seconds'])}, at the {found['texts_per_s']:g} texts a second measured just now")


@embeddings.command("pause")
def pause(model: str = Name, reason: str = Reason, as_json: bool = AsJson) -> None:
    """Embed nothing more with this model beside the live one until it is resumed."""
    _order("pause", model, reason, "{} is paused", as_json=as_json)


@embeddings.command("resume")
def resume(model: str = Name, reason: str = Reason, as_json: bool = AsJson) -> None:
    """Go on where it was paused."""
    _order("resume", model, reason, "{} goes on", as_json=as_json)


@embeddings.command("switch")
def switch(
    to: str = typer.Option(..., "--to", help="The model, as `muniment embeddings list` names it."),
    reason: str = Reason,
    as_json: bool = AsJson,
) -> None:
    """Let search read another model's vectors, at once and everywhere. Exit code 1 while any are missing.

    What nobody can read any more, or was discarded as a dead letter, hinders nothing; how much that is, is said.
    """
    name = _order("switch", to, reason, "search reads {}", as_json=as_json)
    # After it: who goes back to a model in a hurry does not wait for figures.
    if not as_json and (said := _left_out(_by_name().get(name, {}))):
        print(f"{name} {said}")


@embeddings.command("drop")
def drop(model: str = Name, reason: str = Reason, as_json: bool = AsJson) -> None:
    """Remove the vectors of a model that search does not read; this also cancels a migration. For good.

    Says how many batches no other model had vectors of: these are found by their words only from then on.
    """
    before = {} if as_json else _by_name()
    name = _order("drop", model, reason, "the vectors of {} are gone", as_json=as_json)
    if count := before.get(name, {}).get("only_batches", 0):
        print(f"batches that had vectors of no other model, and are found by their words only: {count}")


@embeddings.command("compare")
def compare(
    model: str = Name,
    queries: Path = typer.Option(
        ..., exists=True, dir_okay=False, help='Questions, one a line; or JSON lines {"q": …, "relevant": [ids]}.'
    ),
    k: int = typer.Option(10, min=1, max=50, help="How many hits of each are looked at."),
    reason: str = Reason,
    as_json: bool = AsJson,
) -> None:
    """Ask a model and the live one the same questions. The figures go on the record, the questions stay in the file."""
    body = {"model": model, "queries": _questions(queries), "k": k, "reason": reason}
    found = asked(lambda api: api.post(f"{PATH}/compare", body))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("model", f"nDCG@{k}", f"overlap@{k}", "p50", "p95")
    rows = [
        (one["model"], f"{one['ndcg']:.3f}", shared, f"{one['p50_ms']:g} ms", f"{one['p95_ms']:g} ms")
        for one, shared in ((found["live"], ""), (found["other"], f"{found['overlap']:.3f}"))
    ]
    console = Console()
    console.print(render.table(columns, rows, right=set(columns[1:]), whole={"model"}))
    judged = found["judged"]
    against = "against the live model's order" if not judged else f"{judged} of them judged"
    console.print(f"\n{found['queries']} questions, {against}; search reads {found['live']['model']}", style="dim")
    _not_whole({found["live"]["model"], found["other"]["model"]})


def _not_whole(models: set[str]) -> None:
    """Say of which of these models vectors are missing: what they would have found counts against them."""
    from muniment.infra.cli.failing import tell

    listed = got(PATH)
    for one in listed["items"]:
        if one["model"] in models and one["missing_batches"]:
            tell(
                f"note: {one['model']} has no vectors of {one['missing_batches']} of {listed['batches']} batches yet\n"
                "these figures are of the rest alone: compare again once `muniment embeddings list` says 100%"
            )


def _questions(file: Path) -> list[dict[str, Any]]:
    lines = [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()]
    try:
        return [json.loads(line) if line.startswith("{") else {"q": line} for line in lines]
    except ValueError as error:
        raise typer.BadParameter(f"{file} has a line that is no JSON: {error}", param_hint="--queries") from None


def _order(what: str, model: str, reason: str, said: str, *, as_json: bool) -> str:
    """Order it and say what came of it; the model's whole name."""
    done = ordered("POST", f"{PATH}/{what}", {"model": model, "reason": reason})
    name = str(done["events"][0]["about"])
    print(json.dumps(done, ensure_ascii=False) if as_json else said.format(name))
    return name


def _by_name() -> dict[str, dict[str, Any]]:
    """The models with their figures; none where they cannot be had now: nothing that is ordered depends on them."""

    async def look(api: Client) -> Any:
        try:
            return await api.get(PATH)
        except ApiError:
            return {"items": []}

    return {one["model"]: one for one in asked(look)["items"]}


def _left_out(one: dict[str, Any]) -> str:
    """What a model will never have vectors of, and why; nothing of one that leaves nothing out, or is dropped."""
    # An API of an older version does not say.
    unreadable, discarded = one.get("unreadable_batches", 0), one.get("discarded_batches", 0)
    if one.get("state") == "dropped" or not unreadable + discarded:
        return ""
    told = [f"{unreadable} unreadable (their data keys are destroyed)"] * bool(unreadable)
    told += [f"{discarded} discarded (as dead letters of the step reembedding)"] * bool(discarded)
    return f"leaves out batches, which are found by their words only: {', '.join(told)}"


def _share(part: int, whole: int) -> str:
    # Rounded down: 100% is said of nothing that lacks anything.
    return f"{part * 1000 // whole / 10:g}%" if whole else "100%"


def _dollars(amount: float) -> str:
    return f"${amount:.2f}" if amount >= 1 or not amount else f"${amount:.4f}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
