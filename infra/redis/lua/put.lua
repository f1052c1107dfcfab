-- Puts entries whose position is higher than what is there. KEYS: the entries; ARGV: how long they live in ms, then one
-- entry per key: V, a position of 20 digits, a kind, the rest. The kind '-' puts nothing: it removes what is older.
-- Whatever is no value is a reader's lease, which gives way. Returns how many were refused.
local refused = 0
for i, key in ipairs(KEYS) do
  local new = ARGV[i + 1]
  local old = redis.call('GETRANGE', key, 0, 20)
  local newer = string.sub(old, 1, 1) ~= 'V' or string.sub(old, 2) < string.sub(new, 2, 21)
  if string.sub(new, 22, 22) == '-' then
    if newer and old ~= '' then
      redis.call('DEL', key)
    end
  elseif newer then
    redis.call('SET', key, new, 'PX', ARGV[1])
  else
    refused = refused + 1
  end
end
return refused
