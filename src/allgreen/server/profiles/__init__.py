"""Profiles: what people tell of themselves, their photo, and who sees it."""
