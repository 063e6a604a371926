#include "http/problem.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace grover::http {

Response problem(Error const& error, std::string_view request_id) {
    namespace json = boost::json;
    json::object body;
    body["type"] = "/problems/" + error.slug();
    body["title"] = title_of(error.code());
    body["status"] = error.status();
    body["detail"] = error.detail();
    body["message"] = error.detail();  // The same text under the name that older clients read.
    body["code"] = error.slug();
    body["request_id"] = request_id;
    if (!error.issues().empty()) {
        json::array issues;
        for (auto const& issue : error.issues())
            issues.push_back({{"pointer", issue.pointer}, {"message", issue.message}});
        body["errors"] = std::move(issues);
    }
    Response out;
    out.status = error.status();
    out.body = json::serialize(body);
    out.headers.add("Content-Type", "application/problem+json");
    out.headers.add("X-Content-Type-Options", "nosniff");
    out.headers.add("Cache-Control", "no-store");
    if (error.code() == ErrorCode::unauthenticated) out.headers.add("WWW-Authenticate", "Bearer");
    if (error.code() == ErrorCode::method_not_allowed) out.headers.add("Allow", error.allow());
    if (auto const after = error.retry_after())
        out.headers.add("Retry-After", fmt::format("{}", after->count()));
    return out;
}

}  // namespace grover::http
