"""The packages that the library is measured against, each in an environment of its own."""
