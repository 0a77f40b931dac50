"""Who is asking, and what may be reached: sessions, passwords, memberships."""
