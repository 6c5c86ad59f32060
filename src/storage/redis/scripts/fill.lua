-- Stores an entry, unless its lease is lost or what is there has a higher version. Ends the lease.
-- KEYS: entry, lease. ARGV: token (empty: without a lease), version, milliseconds to live, the entry's bytes.
-- Answers 1 if it was stored, else 0.
if ARGV[1] ~= '' then
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then
    return 0
  end
  redis.call('DEL', KEYS[2])
end
local head = redis.call('GETRANGE', KEYS[1], 0, 8)
if #head == 9 then
  local _, version = struct.unpack('>BI8', head)
  if version > tonumber(ARGV[2]) then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[3])
return 1
