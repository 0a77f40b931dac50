"""All workspaces of one account on one page."""
