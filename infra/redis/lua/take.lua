-- Takes one request out of a client's budget. KEYS: the client; ARGV in µs: now, from one request to the next, how far
-- ahead a client may have asked; in ms: how much longer than needed the key is kept. What is stored is until when the
-- client's requests are paid for. Returns whether the request is admitted, and how far ahead the client has asked.
local now, interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local paid = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local ahead = paid - now + interval
if ahead > tolerance then
  return {0, paid - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000) + ARGV[4])
return {1, ahead}
