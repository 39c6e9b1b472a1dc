"""The game dates: one partition a day, US Eastern, from the first season to today."""

import dagster as dg

game_dates = dg.DailyPartitionsDefinition(
    start_date="2010-11-01",
    timezone="America/New_York",
    end_offset=1,  # a daily partition is otherwise only there once its day is over; today must be one
)
