#!/bin/sh
# Makes what docker-compose.yml needs and does not exist yet: the folder of secrets, one file per variable, and .env.
# Containers run as other users, so the files are readable to all; the folder is closed to others on this machine.
set -eu
cd "$(dirname "$0")/.."
umask 077

folder=${GAMEPULSE_SECRETS:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"
[ -e .env ] || cp .env.example .env
chmod 600 .env

for name in postgres_password gamepulse_pipeline_password gamepulse_dagster_password gamepulse_reader_password \
    ncaa_api_key alert_webhook_url healthcheck_url; do
    if [ ! -s "$folder/$name" ]; then
        # A value that .env still has from before secrets were files, else a random password.
        variable=$(echo "$name" | tr a-z A-Z)
        value=$(sed -n "s/^$variable=//p" .env | tail -n 1 | sed "s/^'\(.*\)'\$/\1/; s/^\"\(.*\)\"\$/\1/")
        case $name in
        *_password) [ -n "$value" ] || value=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') ;;
        esac
        printf %s "$value" > "$folder/$name"
    fi
    chmod 644 "$folder/$name"
done
