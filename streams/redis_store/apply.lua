-- Applies one batch to the live view atomically. KEYS[1]: root of all keys; ARGV: operation, items, limits (JSON).
-- The state is a function of the set of applied events (see streams/views/__init__.py): every addition has an exact
-- inverse.
local root, operation = KEYS[1], ARGV[1]
local items, limits = cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local touched = {}
local news = 0

local function key(name) return root .. name end
local function of(topic, part) return root .. 't:' .. topic .. ':' .. part end

local function resolve(topic)
  for _ = 1, 64 do
    local parent = redis.call('HGET', key('alias'), topic)
    if not parent then return topic end
    topic = parent
  end
  return topic
end

local function bump_hash(name, field, by)
  if redis.call('HINCRBY', name, field, by) <= 0 then
    redis.call('HDEL', name, field)
    return false
  end
  return true
end

local function bump_zset(name, member, by)
  if tonumber(redis.call('ZINCRBY', name, by, member)) <= 0 then
    redis.call('ZREM', name, member)
    return false
  end
  return true
end

-- the larger of two strings, compared byte by byte: the result does not depend on the order
local function keep_greater(name, field, value)
  local old = redis.call('HGET', name, field)
  if not old or old < value then redis.call('HSET', name, field, value) end
end

local function set_max(name, member, score)
  local old = redis.call('ZSCORE', name, member)
  if not old or tonumber(old) < tonumber(score) then redis.call('ZADD', name, score, member) end
end

-- everybody's posts by bucket, so that the newest one is known again after a removal
local function count_voice(ref, by)
  local member = ref.a .. '\0' .. string.format('%014d', ref.b)
  if bump_hash(key('ab'), member, by) then
    if by > 0 then
      redis.call('ZADD', key('said'), 0, member)
      set_max(key('voices'), ref.a, ref.b)
    end
    return
  end
  redis.call('ZREM', key('said'), member)
  local newest = redis.call('ZREVRANGEBYLEX', key('said'), '(' .. ref.a .. '\1', '[' .. ref.a .. '\0', 'LIMIT', 0, 1)[1]
  if newest then
    redis.call('ZADD', key('voices'), tonumber(string.sub(newest, #ref.a + 2)), ref.a)
  else
    redis.call('ZREM', key('voices'), ref.a)
  end
end

-- after a removal: the author's newest bucket with a post in the topic
local function recount_last(topic, author)
  local best
  for _, field in ipairs(redis.call('HKEYS', of(topic, 'ab'))) do
    local bar = string.find(field, '|', 1, true)
    if string.sub(field, bar + 1) == author then
      local bucket = tonumber(string.sub(field, 1, bar - 1))
      if not best or bucket > best then best = bucket end
    end
  end
  redis.call('ZADD', of(topic, 'last'), best, author)
end

local function count_post(topic, ref, by)
  bump_hash(of(topic, 'buckets'), ref.b, by)
  if ref.s == 0 then bump_hash(of(topic, 'buckets'), 'o' .. ref.b, by) end
  if ref.c == 0 then bump_hash(of(topic, 'shown'), 'posts', by) end
  local in_bucket = bump_hash(of(topic, 'ab'), ref.b .. '|' .. ref.a, by)
  local in_topic = bump_zset(of(topic, 'people'), ref.a, by)
  if by > 0 then
    set_max(of(topic, 'last'), ref.a, ref.b)
  elseif not in_topic then
    redis.call('ZREM', of(topic, 'last'), ref.a)
  elseif not in_bucket and redis.call('ZSCORE', of(topic, 'last'), ref.a) == ref.b then
    recount_last(topic, ref.a)
  end
  for _, word in ipairs(ref.w) do bump_zset(of(topic, 'words'), word, by) end
  for _, url in ipairs(ref.u) do
    if not bump_zset(of(topic, 'links'), url, by) then redis.call('HDEL', of(topic, 'targets'), url) end
    if by > 0 then keep_greater(of(topic, 'targets'), url, ref.g[url]) end
  end
end

-- where a post belongs: to the topic of the last event that moved it, else where it was assigned
local function home_of(id, ref)
  local moved = redis.call('HGET', key('homes'), id)
  return resolve(moved and string.sub(moved, 47) or ref.t)
end

local function remove_post(id)
  local packed = redis.call('HGET', key('refs'), id)
  if not packed then return end
  local ref = cjson.decode(packed)
  local topic = home_of(id, ref)
  count_post(topic, ref, -1)
  count_voice(ref, -1)
  redis.call('ZREM', of(topic, 'posts'), id)
  redis.call('HDEL', key('homes'), id)
  redis.call('ZREM', key('moved'), id)
  redis.call('ZREM', key('posts'), id)
  redis.call('HDEL', key('refs'), id)
  redis.call('HDEL', key('text'), id)
  if ref.o ~= '' then redis.call('SREM', key('copies:' .. ref.o), id) end
  if not bump_zset(key('people'), ref.a, -1) then redis.call('HDEL', key('who'), ref.a) end
  touched[topic] = true
end

local function add_post(item)
  if redis.call('HEXISTS', key('refs'), item.id) == 1 then return end
  if tonumber(item.at) <= tonumber(redis.call('HGET', key('meta'), 'floor') or '-1') then return end
  local newest = tonumber(redis.call('HGET', key('meta'), 'newest') or '-1')
  if tonumber(item.at) > newest then redis.call('HSET', key('meta'), 'newest', item.at) end
  local ref = cjson.decode(item.ref)
  keep_greater(of(ref.t, 'measure'), 'usual', item.measure)
  set_max(key('infos'), ref.t, item.at)
  if redis.call('ZSCORE', key('gone'), item.id) then return end
  if ref.o ~= '' and redis.call('ZSCORE', key('gone'), ref.o) then return end
  local topic = home_of(item.id, ref)
  if resolve(ref.t) ~= ref.t then redis.call('SADD', key('settled'), ref.t) end
  redis.call('HSET', key('refs'), item.id, item.ref)
  redis.call('HSET', key('text'), item.id, item.text)
  redis.call('ZADD', key('posts'), item.at, item.id)
  redis.call('ZADD', of(topic, 'posts'), item.at, item.id)
  if ref.o ~= '' then redis.call('SADD', key('copies:' .. ref.o), item.id) end
  bump_zset(key('people'), ref.a, 1)
  keep_greater(key('who'), ref.a, item.who)
  count_post(topic, ref, 1)
  count_voice(ref, 1)
  touched[topic] = true
  news = news + 1
end

-- the post belongs to `topic` from now on, also when it comes later
local function move_post(id, topic, at, stamp)
  local packed = redis.call('HGET', key('refs'), id)
  local ref = packed and cjson.decode(packed)
  local from = ref and home_of(id, ref)
  keep_greater(key('homes'), id, stamp .. topic)
  set_max(key('moved'), id, at)
  if not ref then return end
  local to = home_of(id, ref)
  if from == to then return end
  local score = redis.call('ZSCORE', of(from, 'posts'), id)
  count_post(from, ref, -1)
  redis.call('ZREM', of(from, 'posts'), id)
  count_post(to, ref, 1)
  redis.call('ZADD', of(to, 'posts'), score, id)
  touched[from], touched[to] = true, true
end

local function forget_post(item)
  set_max(key('gone'), item.id, item.at)
  remove_post(item.id)
  for _, copy in ipairs(redis.call('SMEMBERS', key('copies:' .. item.id))) do remove_post(copy) end
end

local PARTS = {'buckets', 'shown', 'ab', 'people', 'last', 'words', 'links', 'targets', 'posts'}

local function add_hash(from, to)
  local pairs_ = redis.call('HGETALL', from)
  for i = 1, #pairs_, 2 do redis.call('HINCRBY', to, pairs_[i], pairs_[i + 1]) end
end

local function fold(from, to)
  if redis.call('EXISTS', of(from, 'posts')) == 1 then redis.call('SADD', key('settled'), from) end
  for _, part in ipairs({'buckets', 'shown', 'ab'}) do add_hash(of(from, part), of(to, part)) end
  for _, part in ipairs({'people', 'words', 'links'}) do
    redis.call('ZUNIONSTORE', of(to, part), 2, of(to, part), of(from, part))
  end
  for _, part in ipairs({'last', 'posts', 'events'}) do
    redis.call('ZUNIONSTORE', of(to, part), 2, of(to, part), of(from, part), 'AGGREGATE', 'MAX')
  end
  local targets = redis.call('HGETALL', of(from, 'targets'))
  for i = 1, #targets, 2 do keep_greater(of(to, 'targets'), targets[i], targets[i + 1]) end
  for _, part in ipairs(PARTS) do redis.call('DEL', of(from, part)) end
  redis.call('DEL', of(from, 'events'))
  touched[from], touched[to] = true, true
end

-- makes `from` an alias of `to`; a later alias wins, unless posts were already moved by an earlier one
local function alias(from, to, at)
  local target = resolve(to)
  if resolve(from) == target or target == from then return end
  local old = redis.call('ZSCORE', key('aliases'), from)
  if old and (tonumber(old) > tonumber(at) or redis.call('SISMEMBER', key('settled'), from) == 1) then return end
  redis.call('HSET', key('alias'), from, target)
  redis.call('ZADD', key('aliases'), at, from)
  fold(from, target)
end

local function publish(kind, topic, at, data)
  redis.call('XADD', key('events'), 'MAXLEN', limits.events, '*',
    'kind', kind, 'topic', topic, 'at', at, 'data', data)
end

local function add_topic_event(event)
  if tonumber(event.at) <= tonumber(redis.call('HGET', key('meta'), 'events_floor') or '-1') then return end
  if redis.call('ZADD', key('applied'), 'NX', event.at, event.hash) == 0 then return end
  if event.kind == 'merged' or event.kind == 'alias' then
    for _, other in ipairs(event.others) do alias(other, event.topic, event.at) end
  end
  local topic = resolve(event.topic)
  local info = of(event.topic, 'info')
  if event.kind == 'born' or event.kind == 'revived' then redis.call('HINCRBY', of(topic, 'shown'), 'events', 1) end
  local stamp = string.format('%014d', event.at) .. event.hash
  keep_greater(of(event.topic, 'measure'), 'usual', event.measure)
  for _, id in ipairs(event.moved) do move_post(id, event.topic, event.at, stamp) end
  set_max(key('infos'), event.topic, event.at)
  if event.kind == 'story' then  -- which posts tell it is no step in its life
    keep_greater(of(event.topic, 'told'), 'story', stamp .. event.story)
    keep_greater(of(event.topic, 'told'), 'level', stamp .. event.level)
    touched[topic] = true
    return
  end
  -- an alias tells names, not how the topic is doing
  if event.kind == 'alias' then
    keep_greater(of(event.topic, 'named'), 'event', stamp .. event.data)
  else
    local old = redis.call('HGET', info, 'stamp')
    if not old or old < stamp then redis.call('HSET', info, 'stamp', stamp, 'event', event.data) end
  end
  redis.call('ZADD', of(topic, 'events'), event.at, event.data)
  redis.call('ZREMRANGEBYRANK', of(topic, 'events'), 0, -1 - limits.history)
  publish(event.kind, event.topic, event.at, event.data)
  touched[topic] = true
end

local function refresh(topic)
  local last = redis.call('ZRANGE', of(topic, 'posts'), -1, -1, 'WITHSCORES')[2]
  if not last then
    for _, part in ipairs(PARTS) do
      if part ~= 'shown' then redis.call('DEL', of(topic, part)) end
    end
    redis.call('HDEL', of(topic, 'shown'), 'posts')
    redis.call('ZREM', key('topics'), topic)
    redis.call('ZREM', key('live'), topic)
    return
  end
  redis.call('ZADD', key('topics'), last, topic)
  if redis.call('EXISTS', of(topic, 'shown')) == 1 then
    redis.call('ZADD', key('live'), last, topic)
  else
    redis.call('ZREM', key('live'), topic)
  end
end

local function forget_topic(topic)
  for _, part in ipairs({'info', 'named', 'measure', 'told', 'shown', 'events'}) do redis.call('DEL', of(topic, part)) end
  redis.call('ZREM', key('infos'), topic)
end

local function trim_to(name, cap, forget)
  local over = redis.call('ZCARD', key(name)) - cap
  if over <= 0 then return end
  for _, member in ipairs(redis.call('ZRANGE', key(name), 0, over - 1)) do forget(member) end
end

-- removes posts older than the horizon, with everything that they were counted in
local function trim()
  local meta = key('meta')
  local old = tonumber(redis.call('HGET', meta, 'floor') or '-1')
  local floor = math.max(old, tonumber(redis.call('HGET', meta, 'newest') or '0') - limits.retention)
  local over = redis.call('ZCARD', key('posts')) - limits.posts
  if over > 0 then
    floor = math.max(floor, tonumber(redis.call('ZRANGE', key('posts'), over - 1, over - 1, 'WITHSCORES')[2]))
  end
  if floor > old then redis.call('HSET', meta, 'floor', string.format('%d', floor)) end
  local late = redis.call('ZRANGEBYSCORE', key('posts'), '-inf', floor, 'LIMIT', 0, limits.step)
  for _, id in ipairs(late) do remove_post(id) end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('moved'), '-inf', floor, 'LIMIT', 0, limits.step)) do
    redis.call('ZREM', key('moved'), id)
    if redis.call('HEXISTS', key('refs'), id) == 0 then redis.call('HDEL', key('homes'), id) end
  end
  trim_to('moved', limits.posts, function(id)
    redis.call('ZREM', key('moved'), id)
    redis.call('HDEL', key('homes'), id)
  end)
  local over_applied = redis.call('ZCARD', key('applied')) - limits.applied
  if over_applied > 0 then
    local score = redis.call('ZRANGE', key('applied'), over_applied - 1, over_applied - 1, 'WITHSCORES')[2]
    redis.call('HSET', meta, 'events_floor', score)
    redis.call('ZREMRANGEBYSCORE', key('applied'), '-inf', score)
  end
  trim_to('gone', limits.gone, function(id) redis.call('ZREM', key('gone'), id) end)
  -- an alias is removed only when no post can still need it
  if redis.call('ZCARD', key('aliases')) > limits.aliases then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('aliases'), '-inf', floor, 'LIMIT', 0, limits.step)) do
      redis.call('ZREM', key('aliases'), id)
      redis.call('HDEL', key('alias'), id)
      redis.call('SREM', key('settled'), id)
    end
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('infos'), '-inf', floor, 'LIMIT', 0, limits.step)) do
    local last = redis.call('ZRANGE', of(resolve(id), 'posts'), -1, -1, 'WITHSCORES')[2]
    if last then redis.call('ZADD', key('infos'), last, id) else forget_topic(id) end
  end
  return #late == limits.step
end

local function settle()
  local more = trim()
  local count = 0
  for topic in pairs(touched) do
    refresh(topic)
    count = count + 1
  end
  if count == 0 then return {news, more and 1 or 0} end
  if redis.call('HEXISTS', key('meta'), 'version') == 0 then
    -- a wiped view continues with a higher version, so that no reader takes it for the view before
    local now = redis.call('TIME')
    local base = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
    redis.call('HSET', key('meta'), 'version', base, 'changed_floor', base)
  end
  local version = redis.call('HINCRBY', key('meta'), 'version', 1)
  for topic in pairs(touched) do redis.call('ZADD', key('changed'), version, topic) end
  local over = redis.call('ZCARD', key('changed')) - limits.changed
  if over > 0 then
    local score = redis.call('ZRANGE', key('changed'), over - 1, over - 1, 'WITHSCORES')[2]
    redis.call('HSET', key('meta'), 'changed_floor', score)
    redis.call('ZREMRANGEBYSCORE', key('changed'), '-inf', score)
  end
  redis.call('XADD', key('pulse'), 'MAXLEN', 64, '*', 'version', version)
  return {news, more and 1 or 0}
end

for _, item in ipairs(items) do
  if operation == 'events' then
    add_topic_event(item)
  elseif operation == 'publish' then
    if redis.call('ZADD', key('applied'), 'NX', item.at, item.hash) == 1 then
      publish(item.kind, item.topic, item.at, item.data)
      news = news + 1
    end
  elseif item.gone == 1 then
    forget_post(item)
  else
    add_post(item)
  end
end
return settle()
