"""Checks of components that many programs have, on the clients that the program has already.

Each module offers one function that makes a check, for `HealthChecker.register_check` or the
decorator. None opens connections of its own to what the program has a client for.
"""
