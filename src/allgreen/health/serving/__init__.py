"""The health endpoint: who may see what, in which form, for whatever server it is mounted in.

`endpoint` is the way in. It knows no framework: a request goes in, a response comes out.
"""
