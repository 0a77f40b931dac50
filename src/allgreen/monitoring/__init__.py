"""How it happens: due checks are leased, run and recorded; messages owed are sent; days close.

Knows the domain and the ports, and no technology.
"""
