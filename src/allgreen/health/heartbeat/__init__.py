"""The sign of life that a program leaves for others: in a file, and with its service manager.

`service` is the way in; `file` is what is written, and how it is read.
"""
