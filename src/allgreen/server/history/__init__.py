"""The history of a workspace: who did what."""
