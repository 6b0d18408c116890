"""What HTML's elements mean to a reader of the text: see https://html.spec.whatwg.org, "Rendering"."""

_VOID = "area base br col embed hr img input link meta param source track wbr"
_HEADINGS = "h1 h2 h3 h4 h5 h6"
_DROPPED = (
    "script style noscript template nav svg math canvas iframe object embed head title select datalist audio video"
)
_PARAGRAPHS = "p pre table ul ol dl blockquote section article figure"
_LINES = (
    "address aside body caption center dd details dialog div dt fieldset figcaption footer form header hgroup hr "
    "legend li main menu optgroup option summary tbody tfoot thead tr"
)

VOID = frozenset(_VOID.split())
HEADINGS = frozenset(_HEADINGS.split())
DROPPED = frozenset(_DROPPED.split())
"""No text of the page: scripts, styles, navigation, pictures, choices."""
PARAGRAPHS = frozenset(_PARAGRAPHS.split()) | HEADINGS
"""An empty line before and after."""
LINES = frozenset(_LINES.split())
"""A line of its own."""
VERBATIM = frozenset(["pre", "textarea"])
