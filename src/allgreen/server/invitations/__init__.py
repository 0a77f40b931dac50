"""Invitations into workspaces: sent, looked at, accepted, withdrawn."""
