#include "base/error.hpp"

#include <array>
#include <utility>

namespace grover {
namespace {

struct Row {
    ErrorCode code;
    int status;
    std::string_view slug;
    std::string_view title;
};

constexpr std::array rows{
    Row{ErrorCode::malformed, 400, "malformed_request", "Bad Request"},
    Row{ErrorCode::unauthenticated, 401, "unauthenticated", "Unauthorized"},
    Row{ErrorCode::forbidden, 403, "forbidden", "Forbidden"},
    Row{ErrorCode::not_found, 404, "not_found", "Not Found"},
    Row{ErrorCode::method_not_allowed, 405, "method_not_allowed", "Method Not Allowed"},
    Row{ErrorCode::request_timeout, 408, "request_timeout", "Request Timeout"},
    Row{ErrorCode::conflict, 409, "conflict", "Conflict"},
    Row{ErrorCode::gone, 410, "gone", "Gone"},
    Row{ErrorCode::precondition_failed, 412, "precondition_failed", "Precondition Failed"},
    Row{ErrorCode::too_large, 413, "content_too_large", "Content Too Large"},
    Row{ErrorCode::uri_too_long, 414, "uri_too_long", "URI Too Long"},
    Row{ErrorCode::unsupported_media, 415, "unsupported_media_type", "Unsupported Media Type"},
    Row{ErrorCode::invalid, 422, "invalid_request", "Unprocessable Content"},
    Row{ErrorCode::upgrade_required, 426, "upgrade_required", "Upgrade Required"},
    Row{ErrorCode::rate_limited, 429, "rate_limited", "Too Many Requests"},
    Row{ErrorCode::headers_too_large, 431, "headers_too_large", "Request Header Fields Too Large"},
    Row{ErrorCode::internal, 500, "internal_error", "Internal Server Error"},
    Row{ErrorCode::not_implemented, 501, "not_implemented", "Not Implemented"},
    Row{ErrorCode::bad_gateway, 502, "bad_gateway", "Bad Gateway"},
    Row{ErrorCode::unavailable, 503, "service_unavailable", "Service Unavailable"},
    Row{ErrorCode::gateway_timeout, 504, "gateway_timeout", "Gateway Timeout"},
    Row{ErrorCode::http_version, 505, "http_version_not_supported", "HTTP Version Not Supported"},
};

Row const& row_of(ErrorCode code) noexcept {
    for (auto const& row : rows)
        if (row.code == code) return row;
    return row_of(ErrorCode::internal);
}

}  // namespace

int status_of(ErrorCode code) noexcept {
    return row_of(code).status;
}
std::string_view slug_of(ErrorCode code) noexcept {
    return row_of(code).slug;
}
std::string_view title_of(ErrorCode code) noexcept {
    return row_of(code).title;
}

ErrorCode code_of_status(int status) noexcept {
    for (auto const& row : rows)
        if (row.status == status) return row.code;
    return ErrorCode::internal;
}

Error::Error(ErrorCode code, std::string detail)
    : Error(code, std::string(slug_of(code)), std::move(detail)) {}

Error::Error(ErrorCode code, std::string slug, std::string detail)
    : code_(code), slug_(std::move(slug)), detail_(std::move(detail)) {}

namespace {

/// An issue of the whole body has no pointer.
std::string summary_of(std::vector<Issue> const& issues) {
    if (issues.size() != 1) return "the request has invalid values";
    auto const& issue = issues[0];
    return issue.pointer.empty() ? issue.message : issue.pointer + " " + issue.message;
}

}  // namespace

Error::Error(std::vector<Issue> issues) : Error(ErrorCode::invalid, summary_of(issues)) {
    issues_ = std::move(issues);
}

Error&& Error::with_retry_after(std::chrono::seconds after) && {
    retry_after_ = after;
    return std::move(*this);
}

Error&& Error::with_allow(std::string allow) && {
    allow_ = std::move(allow);
    return std::move(*this);
}

}  // namespace grover
