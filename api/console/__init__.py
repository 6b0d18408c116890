"""The console: pages for people, served by the API from its own read ports, with nothing from elsewhere."""
