-- A GET with a token. Argument: the Authorization header.
function init(args)
  wrk.headers["Authorization"] = args[1]
end
