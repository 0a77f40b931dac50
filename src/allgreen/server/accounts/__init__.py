"""People: register, sign in, verify an address."""
