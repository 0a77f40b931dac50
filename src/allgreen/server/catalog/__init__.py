"""The services that a workspace watches."""
