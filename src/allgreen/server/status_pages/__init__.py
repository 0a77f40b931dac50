"""What everybody may see of a workspace, and what its owners say of that."""
