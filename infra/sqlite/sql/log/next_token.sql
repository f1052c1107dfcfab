UPDATE leases SET newest_token = newest_token + 1 RETURNING newest_token
