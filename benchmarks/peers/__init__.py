"""The alternatives that a user would choose instead, on the same dates, API and PostgreSQL."""
