#include "user/broker.hpp"

#include "base/case_fold.hpp"
#include "user/oidc/provider.hpp"

namespace grover::user {

std::optional<ExternalPerson> person_of_broker(boost::json::object const& reply) {
    auto const text = [&](std::string_view name) -> std::optional<std::string> {
        auto const* value = reply.if_contains(name);
        if (!value || value->is_null()) return "";
        if (!value->is_string()) return {};
        return std::string(value->get_string());
    };
    auto email = text("email"), name = text("name"), picture = text("picture");
    if (!email || !name || !picture || email->empty()) return {};
    // The broker knows people by their e-mail, and only lets in whoever has proven it.
    auto subject = fold_case(*email);
    return ExternalPerson{.provider = "broker",
                          .subject = std::move(subject),
                          .email = *std::move(email),
                          .email_verified = true,
                          .name = *std::move(name),
                          .picture = *std::move(picture)};
}

net::Task<ExternalPerson> Broker::person(std::string session_id, http::Deadline deadline) const {
    http::Headers headers;
    headers.add("X-Session-ID", session_id);
    headers.add("Accept", "application/json");
    auto const reply =
        co_await web_.send("GET", {.origin = url_, .target = "/auth/v1/env/oauth/session-data"},
                           std::move(headers), {}, deadline);
    if (reply.status >= 400 && reply.status < 500 && reply.status != 408 && reply.status != 429)
        oidc::throw_login_refused();
    if (reply.status != 200) {
        kit_.log().warn("login broker failed", {{"status", reply.status}});
        oidc::throw_provider_broken();
    }
    auto person = person_of_broker(oidc::json_object_of(reply));
    if (!person) oidc::throw_provider_broken();
    co_return *std::move(person);
}

}  // namespace grover::user
