"""Maintenance windows: time in which failures are expected."""
