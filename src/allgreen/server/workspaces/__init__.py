"""Workspaces at a glance, and who is in them."""
