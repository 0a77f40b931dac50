"""The in-process library: checks in plain Python, and the answer to "is it healthy?"."""
