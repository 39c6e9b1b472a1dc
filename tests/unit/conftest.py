"""Disables Hypothesis deadlines: the duration of an example depends on the machine's load."""

from hypothesis import settings

settings.register_profile("gamepulse", deadline=None)
settings.load_profile("gamepulse")
