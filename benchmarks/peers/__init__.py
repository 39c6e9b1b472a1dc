"""What a user would pick instead, on the same days from the same API into the same PostgreSQL."""
