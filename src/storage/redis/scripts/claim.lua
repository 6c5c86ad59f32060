-- Compares and sets the deployment's claim.
-- KEYS[1] the claim: a hash of `node` and `beat`, without a time to live
-- ARGV[1], ARGV[2] node and beat that must stand; an empty node for "nobody"
-- ARGV[3], ARGV[4] node and beat to set; an empty node removes the claim
-- Answers 1, or 0 where something else stands.
local node = redis.call('HGET', KEYS[1], 'node') or ''
local beat = redis.call('HGET', KEYS[1], 'beat') or ''
if node ~= ARGV[1] or (node ~= '' and beat ~= ARGV[2]) then
  return 0
end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'node', ARGV[3], 'beat', ARGV[4])
end
return 1
