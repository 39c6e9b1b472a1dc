"""The star schema: what the database holds, one table a module. Imports nothing from `pipelines`."""
