"""One function per message: what each command does, and what follows from each event."""
