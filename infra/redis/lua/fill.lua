-- Puts what a reader found where its lease still is. KEYS: the entries; ARGV: how long they live in ms, the lease, then
-- one entry per key. Returns how many were refused.
local refused = 0
for i, key in ipairs(KEYS) do
  if redis.call('GETRANGE', key, 0, #ARGV[2]) == ARGV[2] then
    redis.call('SET', key, ARGV[i + 2], 'PX', ARGV[1])
  else
    refused = refused + 1
  end
end
return refused
