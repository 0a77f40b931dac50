"""Exporters: a report in every format that people and machines ask for.

Each is a pure function of a report and of how much of it may be seen.
"""
