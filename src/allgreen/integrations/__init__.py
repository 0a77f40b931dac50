"""Integrations: the health endpoint in a program that others serve."""
