"""What a program is told from outside: the file with its checks, and its settings."""
