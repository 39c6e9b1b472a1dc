"""A simulated NCAA API: an HTTP server with the real API's contract whose games are generated from a seed."""
