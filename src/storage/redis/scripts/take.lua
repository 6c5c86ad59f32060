-- Gives the entry if it is a value; else the lease, unless another token has it.
-- KEYS: entry, lease. ARGV: token, milliseconds of the lease.
-- Answers the entry's bytes, 1 (the lease is yours) or 0 (it is another's).
local entry = redis.call('GET', KEYS[1])
if entry and string.byte(entry, 1) == 1 then
  return entry
end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return 1
end
return 0
