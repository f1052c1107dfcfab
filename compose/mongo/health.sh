#!/usr/bin/env bash
# Healthy is who can be written to. The first check makes the replica set, by the name that others know this host by:
# by default it would be the container's own, which nobody can resolve.
set -euo pipefail
script='
  const admin = db.getSiblingDB("admin");
  admin.auth("root", process.env.MONGO_INITDB_ROOT_PASSWORD);
  try {
    rs.status();
  } catch (error) {
    if (error.codeName !== "NotYetInitialized") throw error;
    rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongodb:27017" }] });
  }
  quit(db.hello().isWritablePrimary ? 0 : 1);'
exec mongosh --quiet --host 127.0.0.1 --eval "$script" >/dev/null
