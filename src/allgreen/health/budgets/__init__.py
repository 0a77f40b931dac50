"""How often a check may run at most, over all processes and restarts of a program.

`ledger` is the way in: it keeps each budget in a file of the state directory, under a lock.
"""
