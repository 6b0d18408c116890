"""What is declared is used, and what is used is written down."""

import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from support.screenshots import possible, shown

from muniment.infra.settings.page import markdown
from muniment.schemas import metrics
from muniment.schemas.breakers import BREAKERS
from muniment.schemas.catalogue import declarations
from muniment.schemas.error_codes import CATEGORIES, POLICIES, ErrorCode
from muniment.schemas.flags import FLAGS
from muniment.schemas.topics import TOPICS

ROOT = Path(__file__).parents[2]
FOLDERS = ("producers", "stream_apps", "projections", "schemas", "api", "infra")
METRICS = [name for name in vars(metrics) if name.isupper() and not name.startswith("_")]


def code() -> str:
    """All code but the declarations of metrics."""
    own = Path(metrics.__file__).resolve()
    files = (p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py") if p.resolve() != own)
    return "\n".join(p.read_text("utf-8") for p in files)


def docs() -> str:
    """All papers."""
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    return "\n".join(p.read_text("utf-8") for p in pages)


def test_every_metric_is_used() -> None:
    """A metric that nobody counts is always zero, and somebody will believe it."""
    text = code()
    assert [m for m in METRICS if not re.search(rf"\b{m}\b", text)] == []


def test_no_metric_is_made_elsewhere() -> None:
    """All names are declared in one file."""
    made = re.findall(r"^(?!#).*\b(?:Counter|Gauge|Histogram|Summary)\(\s*\"[a-z_]+\"", code(), re.MULTILINE)
    assert made == []


def test_consumers_are_stopped_in_one_way() -> None:
    """A bare `stop` of one that has just lost its partitions never ends (see `producers.consumer_stop`)."""
    assert len(re.findall(r"\bconsumer\.stop\b", code())) == 1, "stop_consumer stops them, and it alone"
    assert re.findall(r"\bsource\.stop\b", code()) == []


def test_members_of_groups_look_often_what_partitions_there_are() -> None:
    """What no member knows of, nobody works on."""
    made = re.findall(r"AIOKafkaConsumer\((.*?)\n    +\)", code(), re.DOTALL)
    members = [one for one in made if re.search(r"\bgroup_id=(?!None)", one)]
    assert len(members) > 2, "the consumers are not found any more"
    assert [one for one in members if "metadata_max_age_ms=METADATA_AGE_MS" not in one] == []
    assert "consumer_metadata_max_age_ms=METADATA_AGE_MS" in code(), "nor Faust's"


def test_every_event_is_written_down() -> None:
    """The papers name every command and event."""
    text = docs()
    assert [d.name for d in declarations() if d.name not in text] == []


def test_every_topic_is_written_down() -> None:
    """The papers name every topic."""
    text = docs()
    assert [t.name for t in TOPICS if t.name not in text] == []


def test_the_table_of_topics_names_the_events_of_each() -> None:
    """Whoever looks for an event finds it beside its topic, and no other there."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    cells = dict(re.findall(r"^\| `(muniment\.[\w.]+)` \| [^|]+ \| ([^|]*)\|", text, re.MULTILINE))
    written = {topic: set(re.findall(r"`(\w+)`", cell)) for topic, cell in cells.items()}
    declared: dict[str, set[str]] = {t.name: set() for t in TOPICS}
    for one in declarations():
        declared[one.topic.name].add(one.name)
    assert written == declared


def test_the_table_of_error_codes_says_what_is_done() -> None:
    """Policy and category of each code are those that the code has."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \|$", text, re.MULTILINE)
    assert sorted(rows) == sorted((c.value, POLICIES[c].value, CATEGORIES[POLICIES[c]]) for c in ErrorCode)


def test_every_error_code_is_written_down() -> None:
    """The papers name every code that a dead letter or a refusal can carry."""
    text = docs()
    assert [c.value for c in ErrorCode if c.value not in text] == []


def test_every_flag_is_written_down() -> None:
    """The table of flags says of each what it is at first and what it means."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    rows = [f"| `{name}` | {'on' if f.default else 'off'} | {f.meaning} |" for name, f in FLAGS.items()]
    assert [row for row in rows if row not in text] == []


def test_every_breaker_is_written_down() -> None:
    """The table of breakers has a row for each."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    assert [name for name in BREAKERS if not re.search(rf"^\| `{name}[`:]", text, re.MULTILINE)] == []


def test_every_metric_is_written_down() -> None:
    """The table of metrics has each by the name under which `/metrics` shows it, with its kind there, and no other."""
    names = {getattr(metrics, m).describe()[0].name for m in METRICS}
    typed = re.findall(r"^# TYPE (\w+) (\w+)$", generate_latest().decode(), re.MULTILINE)
    shown = sorted((name, kind) for name, kind in typed if name.removesuffix("_total") in names)
    text = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    assert len(shown) == len(METRICS)
    assert sorted(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE)) == shown


def test_no_paper_leaves_out_a_counters_ending() -> None:
    """Whoever copies a name into a rule has the one that is shown."""
    counters = re.findall(r"^# TYPE (\w+_\w+)_total counter$", generate_latest().decode(), re.MULTILINE)
    text = docs()
    assert counters
    assert [name for name in counters if f"`{name}`" in text] == []


def test_the_settings_page_is_what_the_settings_say() -> None:
    """`make settings` was run."""
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == markdown(), "run `make settings`"


def test_every_picture_is_shown_and_can_be_taken_anew() -> None:
    """What `make screenshots` writes is what the papers link to, each of a page that has a sample."""
    there = {path.stem for path in (ROOT / "docs" / "screenshots").iterdir()}
    assert there == shown()
    assert there <= {how[0] for _, how in possible()}


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"], ids=lambda p: p.name)
def test_links_between_the_papers_lead_somewhere(page: Path) -> None:
    """A relative link names a file that is there."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    local = [t for t in targets if "://" not in t and not t.startswith("mailto:")]
    assert [t for t in local if not (page.parent / t).exists()] == []
