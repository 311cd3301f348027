-- Spends refresh tokens, each once: the token of every answer joins the queue.
-- Arguments: the Authorization header, a file of fresh tokens, more of them than connections.
local waiting, head, tail, headers = {}, 1, 0, {}

local function push(token)
  tail = tail + 1
  waiting[tail] = token
end

function init(args)
  headers["Authorization"] = args[1]
  headers["Content-Type"] = "application/x-www-form-urlencoded"
  for line in io.lines(args[2]) do push(line) end
end

function request()
  local token = waiting[head]
  waiting[head] = nil
  head = head + 1
  return wrk.format("POST", nil, headers, "grant_type=refresh_token&refresh_token=" .. token)
end

function response(_, _, body)
  local token = body:match('"refresh_token":"([^"]+)"')
  if token then push(token) end
end
