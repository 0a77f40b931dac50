"""Components that are looked after: their status, their history, and who is told of changes.

`checker` is the way in.
"""
