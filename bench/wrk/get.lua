-- A GET with a bearer token. Argument: a file whose first line is the token.
function init(args)
  wrk.headers["Authorization"] = "Bearer " .. io.lines(args[1])()
end
