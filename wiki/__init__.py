"""What is known, and all that grows on it."""
