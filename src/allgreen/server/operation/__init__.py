"""How the platform itself is: health and metrics."""
