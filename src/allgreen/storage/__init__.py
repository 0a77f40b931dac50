"""Storage: the repositories and units of work of the ports, in memory and in SQL."""
