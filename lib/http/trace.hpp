// Who a request is, across processes: X-Request-ID and W3C trace context.
#pragma once

#include <string>
#include <string_view>

namespace grover::http {

/// `offered` when it is 1 to 64 of [A-Za-z0-9._-], else a new one of 32 hex digits.
std::string request_id(std::string_view offered);

struct TraceContext {
    std::string trace_id;  // 32 hex digits
    std::string span_id;   // 16 hex digits: a new one for this hop
};

/// Goes on with the trace of a traceparent field (W3C Trace Context, level 1), or begins one when
/// there is none or it is not valid.
TraceContext trace_context(std::string_view traceparent);
/// "00-<trace>-<span>-01".
std::string traceparent(std::string_view trace_id, std::string_view span_id);

}  // namespace grover::http
