// What ends a request: a protocol-neutral code, a stable slug and a text for people.
//
//     if (!found) throw Error(ErrorCode::not_found, "no such post");
//
// Throw Error to end the request; return optional, bool or expected when the caller branches on the
// outcome (ADR 0002). It is caught once per boundary: the router, the event relay, main.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grover {

/// Mapped to HTTP once, in status_of(). Add a code here only when a client must act differently on
/// it.
enum class ErrorCode {
    malformed,            // 400
    unauthenticated,      // 401
    forbidden,            // 403
    not_found,            // 404, also: not visible to the caller
    method_not_allowed,   // 405
    request_timeout,      // 408
    conflict,             // 409
    gone,                 // 410
    precondition_failed,  // 412
    too_large,            // 413
    uri_too_long,         // 414
    unsupported_media,    // 415
    invalid,              // 422
    upgrade_required,     // 426
    rate_limited,         // 429
    headers_too_large,    // 431
    internal,             // 500
    not_implemented,      // 501
    bad_gateway,          // 502
    unavailable,          // 503
    gateway_timeout,      // 504
    http_version,         // 505
};

/// The HTTP status of a code.
int status_of(ErrorCode code) noexcept;
/// The default slug of a code: "not_found", "invalid_request", ...
std::string_view slug_of(ErrorCode code) noexcept;
/// The title that problem+json shows: "Not Found", ...
std::string_view title_of(ErrorCode code) noexcept;
/// The code for a status that came from elsewhere; internal for what has none.
ErrorCode code_of_status(int status) noexcept;

/// One thing wrong with a request. `pointer` is a JSON pointer into the body ("/poll_options/2") or
/// names a parameter ("query/limit", "path/post_id", "header/if-match").
struct Issue {
    std::string pointer;
    std::string message;
    bool operator==(Issue const&) const = default;
};

class Error : public std::exception {
public:
    /// `detail` is shown to the caller: never put an upstream's name, a query or a secret into it.
    Error(ErrorCode code, std::string detail);
    Error(ErrorCode code, std::string slug, std::string detail);
    /// 422 with one entry per field.
    explicit Error(std::vector<Issue> issues);

    ErrorCode code() const noexcept { return code_; }
    int status() const noexcept { return status_of(code_); }
    std::string const& slug() const noexcept { return slug_; }
    std::string const& detail() const noexcept { return detail_; }
    std::vector<Issue> const& issues() const noexcept { return issues_; }
    std::optional<std::chrono::seconds> retry_after() const noexcept { return retry_after_; }
    /// For method_not_allowed: the value of `Allow`.
    std::string const& allow() const noexcept { return allow_; }

    Error&& with_retry_after(std::chrono::seconds after) &&;
    Error&& with_allow(std::string allow) &&;

    char const* what() const noexcept override { return detail_.c_str(); }

private:
    ErrorCode code_;
    std::string slug_;
    std::string detail_;
    std::vector<Issue> issues_;
    std::optional<std::chrono::seconds> retry_after_;
    std::string allow_;
};

}  // namespace grover
