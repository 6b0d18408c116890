"""The catalogue of topics and events: a page for people, an AsyncAPI document for programs, both from `schemas`."""
