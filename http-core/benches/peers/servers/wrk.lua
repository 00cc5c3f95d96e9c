-- How wrk asks, and what it says of the answers: one line of JSON.
-- wrk -s wrk.lua URL -- [close | pipeline DEPTH | upload BYTES]

function init(args)
  if args[1] == "close" then
    wrk.headers["Connection"] = "close"
  elseif args[1] == "upload" then
    wrk.method = "POST"
    wrk.body = string.rep("x", tonumber(args[2]))
  elseif args[1] == "pipeline" then
    local batch = string.rep(wrk.format(), tonumber(args[2]))
    request = function() return batch end
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%f,"p99":%f,"max":%f,"errors":%d}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency.max,
    e.connect + e.read + e.write + e.status + e.timeout))
end
