"""An HTTP server with the NCAA API's contract that plays seasons of its own making: for demos, tests and summers."""
