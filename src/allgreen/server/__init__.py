"""The platform: an HTTP API, a page, and the loops that watch, in one process."""
