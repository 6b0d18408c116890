"""Notices that a document version is whole, and says so."""
