#include "service/pipeline.hpp"

#include <boost/algorithm/string/erase.hpp>

#include "auth/digest.hpp"
#include "auth/token.hpp"
#include "base/encoding.hpp"
#include "http/form.hpp"
#include "net/deadline.hpp"
#include "service/unit.hpp"

namespace grover::service {

namespace json = boost::json;

namespace {

constexpr std::size_t idempotency_key_bytes_max = 255;
constexpr auto idempotency_retention = std::chrono::hours(24);
constexpr std::size_t verified_identities_max = 4096;
constexpr std::string_view session_cookie = "__Host-grover_session=";

/// The body without what a client makes up anew for each try: the boundary of a form.
std::string repeatable_body(http::Request const& request) {
    auto out = request.body;
    if (auto const boundary = http::form_boundary(request.headers.get("Content-Type")))
        boost::algorithm::erase_all(out, *boundary);
    return out;
}

/// Everything that makes two requests "the same" under one key: what is asked for, however its path
/// is spelled.
std::string fingerprint(http::Request const& request, std::string_view body,
                        http::Router const& router) {
    auto const match = router.match(request.method, request.path);
    std::string text = request.method + '\n';
    text += match.route ? match.route->pattern : request.path;
    for (auto const& [name, value] : match.parameters) text += '\n' + value;
    text += '\n' + request.query + '\n' + auth::sha256(body);
    return to_hex(auth::sha256(text));
}

/// Under which a request's record is kept. Strangers are told apart by what they ask, for want of
/// anything else: a key that one of them used stands in no other's way.
std::string record_id(std::string_view key, auth::Caller const* caller,
                      std::string_view fingerprint) {
    auto text = caller ? caller->user_id.str() : std::string(fingerprint);
    return to_hex(auth::sha256((text += '\n') += key));
}

void check_key(std::string_view key) {
    bool ok = key.size() <= idempotency_key_bytes_max;
    for (char const c : key) ok = ok && c > 0x20 && c < 0x7f;
    if (!ok)
        throw Error(ErrorCode::malformed, "bad_idempotency_key",
                    "Idempotency-Key must be 1 to 255 visible ASCII characters");
}

http::Response replay(json::object const& record, std::string_view seal_key) {
    auto const* sealed = record.if_contains("reply");
    auto const bytes =
        sealed && sealed->is_string() ? from_base64url(sealed->get_string()) : std::nullopt;
    auto const plain = bytes ? auth::decrypt(seal_key, *bytes) : std::nullopt;
    if (!plain) throw Error(ErrorCode::internal, "the stored reply cannot be read");
    auto const value = json::parse(*plain);
    http::Response response;
    response.status = static_cast<int>(value.at("status").as_int64());
    for (auto const& header : value.at("headers").as_array())
        response.headers.add(header.at(0).as_string(), header.at(1).as_string());
    response.body = value.at("body").as_string();
    response.headers.set("Idempotent-Replayed", "true");
    return response;
}

}  // namespace

std::string_view presented_token(std::string_view authorization, std::string_view cookies) {
    if (!authorization.empty()) return auth::bearer_token(authorization).value_or("?");
    auto const at = cookies.find(session_cookie);
    if (at == std::string_view::npos ||
        (at > 0 && cookies[at - 1] != ' ' && cookies[at - 1] != ';'))
        return {};
    auto const value = cookies.substr(at + session_cookie.size());
    return value.substr(0, value.find(';'));
}

Pipeline::Pipeline(Kit& kit, http::Router const& router)
    : kit_(kit), router_(router), verified_(kit.loops().size()) {}

Task<http::Response> Pipeline::handle(http::Request& request) {
    bool const has_deadline = request.deadline != http::Deadline{};
    net::WithDeadline const until(has_deadline ? request.deadline : http::Deadline::max());
    co_await authenticate(request);
    if (!kit_.has_store() || http::is_safe(request.method))
        co_return co_await router_.dispatch(request);
    request.put(detail::UnitState(kit_.store()));
    request.find<detail::UnitState>()->request = &request;
    std::string key(request.headers.get("Idempotency-Key"));
    if (key.empty()) co_return co_await router_.dispatch(request);
    check_key(key);
    co_return co_await with_idempotency(request, std::move(key));
}

Task<> Pipeline::authenticate(http::Request& request) {
    auth::Identity identity;
    if (auto const header = request.headers.get(auth::identity_header); !header.empty()) {
        if (auto verified = verify(header))
            identity = *std::move(verified);
        else
            identity.rejected = true;
    } else if (auto const token = presented_token(request.headers.get("Authorization"),
                                                  request.headers.get("Cookie"));
               !token.empty() && kit_.token_verifier()) {
        identity.caller = co_await kit_.token_verifier()(std::string(token), request.deadline);
        identity.rejected = !identity.caller;
    }
    request.put(std::move(identity));
}

std::optional<auth::Identity> Pipeline::verify(std::string_view header) {
    auto const now = kit_.clock()();
    auto& verified = verified_[net::Loop::current()->index()];
    if (auto const known = verified.find(header); known != verified.end()) {
        if (known->second.expires_at > now) return known->second;
        verified.erase(known);
    }
    auto identity = kit_.signer().verify(header, now);
    if (!identity) return identity;
    if (verified.size() >= verified_identities_max) verified.clear();
    verified.emplace(header, *identity);
    return identity;
}

Task<http::Response> Pipeline::with_idempotency(http::Request& request, std::string key) {
    auto const* identity = request.find<auth::Identity>();
    auto const* caller = identity->caller ? &*identity->caller : nullptr;
    auto const who = caller ? caller->user_id.str() : std::string();
    auto const body = repeatable_body(request);
    auto const print = fingerprint(request, body, router_);
    auto const id = record_id(key, caller, print);
    auto const seal_key = auth::sha256("reply\n" + key + '\n' + who + '\n' + print + '\n' + body);

    {
        std::lock_guard const lock(running_mutex_);
        if (!running_.insert(id).second)
            throw Error(ErrorCode::conflict, "request_in_progress",
                        "a request with this Idempotency-Key still runs")
                .with_retry_after(std::chrono::seconds(1));
    }
    struct Release {
        Pipeline& pipeline;
        std::string const& id;
        ~Release() {
            std::lock_guard const lock(pipeline.running_mutex_);
            pipeline.running_.erase(id);
        }
    } const release{*this, id};

    auto const known = co_await kit_.store().get("idempotency", id);
    if (known) {
        if (known->body.at("fingerprint").as_string() != print)
            throw Error(ErrorCode::invalid, "idempotency_key_reused",
                        "this Idempotency-Key was used for another request");
        co_return replay(known->body, seal_key);
    }

    auto& unit = *request.find<detail::UnitState>();
    auto const now = kit_.clock()();
    unit.seal_key = seal_key;
    unit.record = json::object{{"_id", id},
                               {"fingerprint", print},
                               {"created_at", now.to_string()},
                               {"expires_at", (now + idempotency_retention).to_string()}};
    auto response = co_await router_.dispatch(request);
    if (response.status >= 400 || unit.recorded) co_return response;
    co_return *co_await service::Unit(unit).commit(store::Batch(), std::move(response));
}

}  // namespace grover::service
