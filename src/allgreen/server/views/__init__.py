"""What more than one capability shows."""
