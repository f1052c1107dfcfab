#!/bin/sh
# Alertmanager reads no environment, and where alerts go is nobody else's business.
set -eu
umask 077
config=/run/atalaya/alertmanager.yaml
sed "s|https://alerts.invalid/|${ALERT_WEBHOOK_URL:?}|" /etc/alertmanager/alertmanager.yaml >"$config"
exec /bin/alertmanager --config.file="$config" --storage.path=/alertmanager --cluster.listen-address=
