"""The only way to reach an address that a user gave: guard, resolver, deadline, size limits."""
