"""Projects and their episodes: routes, and the one way of a command about them to its decision."""
