"""The first run, and what this installation offers."""
