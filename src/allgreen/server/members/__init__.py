"""Who is in a workspace, as what, and until when."""
