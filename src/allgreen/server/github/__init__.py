"""GitHub: sign in by it, and connect it to an account."""
