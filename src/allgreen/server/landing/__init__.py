"""The front page: what Allgreen is, for people who are not signed in."""
