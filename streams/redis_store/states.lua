-- Everything that ranking needs of many topics, in one reply. KEYS[1]: root of all keys; ARGV: number of words, number of
-- links, then the topics' ids. As single commands (three thousand for a busy board) it takes ten times as long.
local words, links = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = {}

for i = 3, #ARGV do
  local function of(part) return KEYS[1] .. 't:' .. ARGV[i] .. ':' .. part end
  local shared = redis.call('ZREVRANGE', of('links'), 0, links - 1, 'WITHSCORES')
  local told = redis.call('HGET', of('told'), 'story')
  local story = {}
  if told and string.sub(told, 47) ~= '[]' then
    local ids = cjson.decode(string.sub(told, 47))
    for place, ref in ipairs(redis.call('HMGET', KEYS[1] .. 'refs', unpack(ids))) do
      if ref then
        local post = cjson.decode(ref)
        story[#story + 1] = {ids[place], post.a, tonumber(post.b)}
      end
    end
  end
  found[i - 2] = {
    redis.call('HGETALL', of('buckets')),
    redis.call('ZRANGE', of('people'), 0, -1, 'WITHSCORES'),
    redis.call('ZRANGE', of('last'), 0, -1, 'WITHSCORES'),
    redis.call('ZREVRANGE', of('words'), 0, words - 1, 'WITHSCORES'),
    shared,
    shared[1] and redis.call('HGET', of('targets'), shared[1]) or false,
    redis.call('ZRANGE', of('posts'), 0, 0, 'WITHSCORES'),
    redis.call('ZREVRANGE', of('posts'), 0, 0, 'WITHSCORES'),
    redis.call('HGET', of('info'), 'event'),
    redis.call('HGET', of('named'), 'event'),
    redis.call('ZSCORE', KEYS[1] .. 'live', ARGV[i]),
    #story > 0 and story or false,
    told and true or false,
    redis.call('HGET', of('told'), 'level'),
    redis.call('HGET', of('measure'), 'usual'),
  }
end
return cjson.encode(found)
