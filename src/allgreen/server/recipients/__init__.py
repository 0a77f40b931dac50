"""Who is told, and what was sent to them."""
