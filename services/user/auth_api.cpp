#include "user/auth_api.hpp"

#include "auth/token.hpp"
#include "service/pipeline.hpp"
#include "user/input.hpp"
#include "user/limits.hpp"

namespace grover::user {
namespace {

/// One answer for an unknown e-mail and a wrong password.
[[noreturn]] void throw_wrong_credentials() {
    throw Error(ErrorCode::unauthenticated, "wrong_credentials", "e-mail or password is wrong");
}

[[noreturn]] void throw_taken() {
    throw Error(ErrorCode::conflict, "email_taken", "an account with this e-mail exists already");
}

/// Visible ASCII: what a header or a query of ours may hold.
bool is_visible_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_verifier(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-._~").contains(c);
    });
}

}  // namespace

void validate(Register const& in, reflect::Issues& issues) {
    if (!checked_email(in.email.str())) issues.add("email", "must be an e-mail address");
    if (trimmed(in.name.str()).empty()) issues.add("name", "must not be blank");
    if (has_controls(in.name.str())) issues.add("name", "must not have control characters");
}

void validate(SignIn const& in, reflect::Issues& issues) {
    bool const password = in.email || in.password;
    bool const provider = in.provider || in.code || in.code_verifier || in.redirect_uri;
    if (password + provider + in.session_id.has_value() != 1)
        return issues.add_at("",
                             "give email and password, or provider, code, code_verifier and "
                             "redirect_uri, or session_id");
    auto const need = [&](bool there, std::string_view member) {
        if (!there) issues.add(member, "is required");
    };
    if (password) need(in.email.has_value(), "email"), need(in.password.has_value(), "password");
    if (provider) {
        need(in.provider.has_value(), "provider");
        need(in.code.has_value(), "code");
        need(in.code_verifier.has_value(), "code_verifier");
        need(in.redirect_uri.has_value(), "redirect_uri");
    }
    if (in.code_verifier && !is_verifier(in.code_verifier->str()))
        issues.add("code_verifier", "has characters that RFC 7636 does not allow");
    if (in.session_id && !is_visible_ascii(in.session_id->str()))
        issues.add("session_id", "must be visible ASCII characters");
}

AuthApi::AuthApi(Data& data, Sessions& sessions, Passwords& passwords, Admission& admission,
                 Entrance const& entrance, Broker const& broker, oidc::Providers const& providers)
    : data_(data),
      sessions_(sessions),
      passwords_(passwords),
      admission_(admission),
      entrance_(entrance),
      broker_(broker),
      providers_(providers) {}

// ---- In -----------------------------------------------------------------------------------------

Task<http::Created<SignedIn>> AuthApi::register_user(Register in, http::RequestInfo info,
                                                     service::Unit unit) {
    auto email = *checked_email(in.email.str());
    if (co_await data_.users.first(store::where<&User::email_key>(email_key(email)))) throw_taken();
    auto hash = co_await passwords_.hash(std::move(in.password.value));

    auto const user =
        admission_.make_user(std::move(email), std::string(trimmed(in.name.str())), false);
    store::Batch batch;
    data_.users.insert(batch, user);
    data_.credentials.insert(batch, {.user_id = user.user_id, .password_hash = std::move(hash)});
    auto const opened = co_await sessions_.open(batch, user.user_id, info);
    auto done = co_await unit.commit(
        std::move(batch),
        http::Created<SignedIn>{signed_in(user, opened), "/api/users/" + user.user_id.str()});
    if (!done) throw_taken();  // Somebody else was faster.
    co_return *std::move(done);
}

Task<SignedIn> AuthApi::sign_in(SignIn in, http::RequestInfo info, service::Unit unit) {
    auto const commit = Entrance::commit_to(unit);
    if (in.email) co_return co_await enter_by_password(in, info, commit);
    if (in.session_id) {
        auto person = co_await person_of_broker_session(in.session_id->str(), info.deadline);
        co_return co_await entrance_.enter(std::move(person), info, commit);
    }
    auto* const provider = oidc::find_provider(providers_, in.provider->str());
    if (!provider)
        throw Error(std::vector<Issue>{{"/provider", "is not a provider of this server"}});
    oidc::CodeGrant grant{.code = in.code->str(),
                          .code_verifier = in.code_verifier->str(),
                          .redirect_uri = in.redirect_uri->str(),
                          .nonce = {}};
    if (in.nonce) grant.nonce = in.nonce->str();
    auto person = co_await provider->redeem(std::move(grant), info.deadline);
    co_return co_await entrance_.enter(std::move(person), info, commit);
}

Task<http::Response> AuthApi::sign_in_by_query(
    http::Query<std::optional<Text<1, 1024>>, "session_id"> session_id, http::RequestInfo info) {
    if (!*session_id || !is_visible_ascii((*session_id)->str()))
        throw Error(
            std::vector<Issue>{{"query/session_id",
                                *session_id ? "must be visible ASCII characters" : "is required"}});
    auto person = co_await person_of_broker_session((*session_id)->str(), info.deadline);
    auto const reply =
        co_await entrance_.enter(std::move(person), info, entrance_.commit_to_store());
    auto response = http::Response::json(200, reflect::to_json(reply));
    response.headers.add("Cache-Control", "no-store");
    co_return response;
}

Task<ExternalPerson> AuthApi::person_of_broker_session(std::string session_id,
                                                       http::Deadline deadline) {
    if (!broker_.configured())
        throw Error(ErrorCode::unauthenticated, "no_login_broker",
                    "this server has no login broker");
    co_return co_await broker_.person(std::move(session_id), deadline);
}

Task<SignedIn> AuthApi::enter_by_password(SignIn const& in, http::RequestInfo const& info,
                                          Entrance::Commit const& commit) {
    auto const key = email_key(trimmed(in.email->str()));
    auto user = co_await data_.users.first(store::where<&User::email_key>(key));
    std::optional<std::string> hash;
    if (user)
        if (auto const credential = co_await data_.credentials.find(user->value.user_id))
            hash = credential->value.password_hash;
    if (!co_await passwords_.matches(std::move(hash), in.password->str()))
        throw_wrong_credentials();

    store::Batch batch;
    admission_.grant_admin(batch, user->value);
    auto const opened = co_await sessions_.open(batch, user->value.user_id, info);
    auto reply = signed_in(user->value, opened);
    if (!co_await commit(std::move(batch), reply)) throw_wrong_credentials();  // just deleted
    co_return reply;
}

// ---- Out ----------------------------------------------------------------------------------------

/// Needs no login that is still good, only the token: logging out twice is fine.
Task<http::Response> AuthApi::log_out(http::Header<"Authorization"> authorization,
                                      http::Header<"Cookie"> cookies, service::Unit unit) {
    auto out = http::Response::json(200, reflect::to_json(http::Message{"Logged out"}));
    if (!oidc::cookie_value(cookies.value, oidc::session_cookie).empty())
        out.headers.add("Set-Cookie",
                        oidc::host_cookie(oidc::session_cookie, "", std::chrono::seconds(0)));
    auto const token = service::presented_token(authorization.value, cookies.value);
    auto const hash = auth::hash_token(token);
    if (!co_await data_.sessions.find(hash)) co_return out;
    store::Batch batch;
    sessions_.end(batch, hash);
    co_return *co_await unit.commit(std::move(batch), std::move(out));  // Cannot be rejected.
}

Task<std::vector<Device>> AuthApi::devices(auth::Caller caller) {
    std::vector<Device> out;
    for (auto const& session : co_await sessions_.of(caller.user_id))
        out.push_back({.session_id = session.session_id,
                       .created_at = session.created_at,
                       .last_seen_at = session.last_seen_at,
                       .user_agent = session.user_agent,
                       .ip = session.ip,
                       .current = session.session_id == caller.session_id});
    co_return out;
}

Task<http::Message> AuthApi::end_device(auth::Caller caller, http::Path<SessionId, "session_id"> id,
                                        service::Unit unit) {
    auto const session = co_await data_.sessions.first(store::where<&Session::session_id>(*id));
    if (!session || session->value.user_id != caller.user_id)
        throw Error(ErrorCode::not_found, "session_not_found", "there is no such session");
    store::Batch batch;
    sessions_.end(batch, session->value.token_hash);
    co_return *co_await unit.commit(std::move(batch), http::Message{"Session ended"});
}

Task<http::Message> AuthApi::end_other_devices(auth::Caller caller, service::Unit unit) {
    http::Message reply{"All other sessions ended"};
    store::Batch batch;
    for (auto const& session : co_await sessions_.of(caller.user_id))
        if (session.session_id != caller.session_id) sessions_.end(batch, session.token_hash);
    if (batch.empty()) co_return reply;
    co_return *co_await unit.commit(std::move(batch), std::move(reply));
}

}  // namespace grover::user
