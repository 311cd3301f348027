-- Enrolment by EST. Arguments: the value of Authorization, a file with one request in base64 a line. None is sent twice.
local bodies

function init(args)
  bodies = io.lines(args[2])
  wrk.method = "POST"
  wrk.headers["Authorization"] = args[1]
  wrk.headers["Content-Type"] = "application/pkcs10"
end

function request()
  local body = bodies()
  if body == nil then
    return wrk.format("GET", "/used-up")
  end
  return wrk.format(nil, nil, nil, body)
end
