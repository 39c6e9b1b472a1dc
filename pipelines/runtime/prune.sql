-- Finished runs that nothing needs any more, oldest first. See prune.py.
WITH subject AS (  -- what a run was for: game dates, else its job as a whole
    SELECT runs.id, runs.run_id, runs.status, run_tags.value AS name
    FROM runs
    JOIN run_tags ON run_tags.run_id = runs.run_id AND run_tags.key = 'dagster/partition'
    UNION ALL
    SELECT runs.id, runs.run_id, runs.status, to_char(date, 'YYYY-MM-DD')
    FROM runs
    JOIN run_tags AS first ON first.run_id = runs.run_id AND first.key = 'dagster/asset_partition_range_start'
    JOIN run_tags AS last ON last.run_id = runs.run_id AND last.key = 'dagster/asset_partition_range_end'
    CROSS JOIN generate_series(first.value::timestamp, last.value::timestamp, INTERVAL '1 day') AS date
    UNION ALL
    SELECT id, run_id, status, 'job ' || pipeline_name
    FROM runs
    WHERE NOT EXISTS (
        SELECT FROM run_tags
        WHERE run_tags.run_id = runs.run_id
          AND key IN ('dagster/partition', 'dagster/asset_partition_range_start')
    )
),
last_success AS (
    SELECT name, max(id) AS id FROM subject WHERE status = 'SUCCESS' GROUP BY name
),
superseded AS (
    SELECT subject.run_id
    FROM subject
    LEFT JOIN last_success ON last_success.name = subject.name
    GROUP BY subject.run_id
    HAVING bool_and(coalesce(last_success.id > subject.id, FALSE))
),
shown AS (  -- runs with the newest materialization of a partition, or the newest evaluation of a check
    SELECT run_id
    FROM event_logs
    WHERE id IN (
        SELECT max(id) FROM event_logs
        WHERE dagster_event_type = 'ASSET_MATERIALIZATION' AND asset_key IS NOT NULL
        GROUP BY asset_key, partition
    )
    UNION ALL
    SELECT run_id
    FROM asset_check_executions
    WHERE id IN (
        SELECT max(id) FROM asset_check_executions
        WHERE execution_status <> 'PLANNED'
        GROUP BY asset_key, check_name, partition
    )
)
SELECT runs.run_id, runs.status
FROM runs
JOIN superseded ON superseded.run_id = runs.run_id
WHERE runs.run_id NOT IN (SELECT run_id FROM shown WHERE run_id IS NOT NULL)
  AND runs.update_timestamp < CASE
      WHEN runs.status = 'SUCCESS' THEN CAST(:success_before AS timestamp)
      WHEN runs.status IN ('FAILURE', 'CANCELED') THEN CAST(:failure_before AS timestamp)
  END
ORDER BY runs.id
LIMIT :at_most
