#!/usr/bin/env bash
# A replica set of one, for its oplog, with a key: whoever asks for a login and a replica set needs one.
set -euo pipefail
umask 077
printf '%s\n' "${MONGO_REPLICA_KEY:?}" >/run/atalaya/replica.key
chmod 400 /run/atalaya/replica.key
unset MONGO_REPLICA_KEY
# Half a gigabyte of cache leaves the other half of the limit to connections and sorting.
exec docker-entrypoint.sh mongod --replSet rs0 --keyFile /run/atalaya/replica.key --bind_ip_all --nounixsocket --oplogSize 1024 \
  --wiredTigerCacheSizeGB 0.5
