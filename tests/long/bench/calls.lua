-- One buffered call a request, over the keys in BENCH_KEYS (one a line).
local keys, n = {}, 0
for line in io.lines(os.getenv("BENCH_KEYS")) do keys[#keys + 1] = line end
local stream = os.getenv("BENCH_STREAM") == "1"
local body = '{"model":"claude-haiku-4-5","max_tokens":100,' .. (stream and '"stream":true,' or '')
  .. '"messages":[{"role":"user","content":"Say hello to the bench, please."}]}'
local requests = {}
function init()
  for i, key in ipairs(keys) do
    requests[i] = wrk.format("POST", "/v1/messages",
      { ["x-api-key"] = key, ["anthropic-version"] = "2023-06-01", ["content-type"] = "application/json" }, body)
  end
end
function request()
  n = n % #requests + 1
  return requests[n]
end
