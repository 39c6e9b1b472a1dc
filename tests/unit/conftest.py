"""Hypothesis without deadlines: how long an example takes says more of the machine's load than of the code."""

from hypothesis import settings

settings.register_profile("gamepulse", deadline=None)
settings.load_profile("gamepulse")
