"""Outages, as they are told."""
