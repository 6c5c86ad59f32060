-- Ends any lease and puts a tombstone over everything of a lower version.
-- KEYS: entry, lease. ARGV: version, milliseconds to live, the tombstone's bytes.
redis.call('DEL', KEYS[2])
local head = redis.call('GETRANGE', KEYS[1], 0, 8)
if #head == 9 then
  local kind, version = struct.unpack('>BI8', head)
  if version >= tonumber(ARGV[1]) then
    -- A value that is new enough stays; a tombstone that says more stays too, and lives at least as long as this one.
    if kind == 2 and redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
    end
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
return 1
