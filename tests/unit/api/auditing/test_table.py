"""Every route is in the table of the trail."""

from typing import Any

from muniment.api.auditing.routes import every_route
from muniment.api.auditing.rules import Audited, LeftOut
from muniment.api.auditing.table import MOUNTED, TABLE, rule_of


def operations(world: Any) -> dict[str, Any]:
    """Operation id to route, of all that are ours: Starlette's own page of the OpenAPI document has none."""
    return {found: route for route in every_route(world.app.routes) if (found := getattr(route, "operation_id", None))}


def test_every_route_is_in_the_table(world):
    """Who adds a route says what the trail tells of it, or why it tells nothing."""
    named = operations(world)
    assert sorted(named.keys() - TABLE.keys()) == []


def test_nothing_else_is_in_the_table(world):
    """A line for a route that is gone is a leftover."""
    assert sorted(TABLE.keys() - operations(world).keys()) == []


def test_every_route_has_an_operation_id(world):
    """By nothing else does the table know a route; a WebSocket enters each thing that it shows by itself."""
    without = {r.path for r in every_route(world.app.routes) if not getattr(r, "operation_id", None)}
    assert without == {"/openapi.json", "/v1/live", *MOUNTED}


def test_what_changes_something_is_audited(world):
    """No route of a method that changes things is left out, for whatever reason."""
    changing = {name for name, route in operations(world).items() if route.methods & {"POST", "PUT", "PATCH", "DELETE"}}
    assert [name for name in sorted(changing) if not isinstance(rule_of(name), Audited)] == []


def test_what_names_the_thing_is_in_the_path(world):
    """The parameter that an entry takes its entity from is one of the route's."""
    wrong = [
        name
        for name, route in operations(world).items()
        if isinstance(rule := rule_of(name), Audited) and rule.param and f"{{{rule.param}}}" not in route.path
    ]
    assert wrong == []


def test_what_is_not_in_the_table_is_audited_with_all_it_shows():
    """Forgetting a line hides nothing."""
    assert rule_of("somethingNew") == Audited("route.somethingNew", shows=True)


def test_what_is_left_out_says_why():
    """A reason in words, not an empty one."""
    assert [name for name, rule in TABLE.items() if isinstance(rule, LeftOut) and len(rule.why) < 20] == []
