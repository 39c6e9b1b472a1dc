"""The code location with a tick every minute, because a test cannot wait 15 minutes for one."""

from pipelines.definitions import defs

defs.resolve_schedule_def("ncaa_schedule")._cron_schedule = "* * * * *"
