"""Hints that something changed, as server-sent events."""
