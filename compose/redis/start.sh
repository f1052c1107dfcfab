#!/bin/sh
# The password goes by a file that only this container has: as an argument, everybody on the machine could read it.
set -eu
umask 077
config=/run/atalaya/redis.conf
{
  cat /opt/atalaya/redis.conf
  printf 'dir /data\nrequirepass "%s"\n' "${REDIS_PASSWORD:?}"
} >"$config"
exec redis-server "$config"
