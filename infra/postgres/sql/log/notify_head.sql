-- What is told need not outlive a crash: so nobody waits for the disk, least of all other commits behind the lock of this.
SELECT set_config('synchronous_commit', 'off', true), pg_notify('log_head', $1)
