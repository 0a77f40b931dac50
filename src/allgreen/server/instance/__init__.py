"""Who has an account here, for who runs this Allgreen; no workspace is opened by it."""
