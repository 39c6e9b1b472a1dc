"""The code location with a tick every minute and repairs every 15 seconds, because a test cannot wait longer."""

from pipelines.definitions import defs

defs.resolve_schedule_def("ncaa_schedule")._cron_schedule = "* * * * *"
defs.resolve_sensor_def("ncaa_repairs")._min_interval = 15
