"""What is told to each service: every operation that it offers, and every error code that it has."""
