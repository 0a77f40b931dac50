"""Photos of people: made anew from what was sent, apart from everything that holds a secret."""
