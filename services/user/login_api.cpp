#include "user/login_api.hpp"

#include "auth/token.hpp"
#include "user/limits.hpp"

namespace grover::user {
namespace {

http::Response redirect(std::string location) {
    http::Response out;
    out.status = 302;
    out.headers.add("Location", location);
    out.headers.add("Cache-Control", "no-store");
    return out;
}

}  // namespace

LoginApi::LoginApi(Data& data, Entrance const& entrance, oidc::Providers const& providers,
                   Clock clock, std::string public_url)
    : data_(data),
      entrance_(entrance),
      providers_(providers),
      clock_(std::move(clock)),
      public_url_(std::move(public_url)) {}

std::string LoginApi::callback_url(std::string_view provider) const {
    return public_url_ + "/api/auth/callback/" + std::string(provider);
}

Task<std::vector<LoginProvider>> LoginApi::providers(http::RequestInfo info) {
    std::vector<LoginProvider> out;
    for (auto const& provider : providers_) {
        auto& entry =
            out.emplace_back(LoginProvider{.id = provider->id(),
                                           .name = provider->name(),
                                           .authorize_url = {},
                                           .login_url = "/api/auth/login/" + provider->id()});
        try {
            entry.authorize_url = co_await provider->authorize_url(info.deadline);
        } catch (Error const&) {
            // It stays null: the list is useful without it, and the next call tries again.
        }
    }
    co_return out;
}

Task<http::Response> LoginApi::login(http::Path<std::string, "provider"> id,
                                     http::Query<std::optional<std::string>, "return_to"> return_to,
                                     http::RequestInfo info) {
    auto* const provider = oidc::find_provider(providers_, *id);
    if (!provider) throw Error(ErrorCode::not_found, "there is no such login provider");
    auto url = co_await provider->authorize_url(info.deadline);
    auto const fresh =
        oidc::make_flow(*id, oidc::safe_return_to((*return_to).value_or("/")), clock_());
    store::Batch batch;
    data_.login_flows.insert(batch, fresh.flow);
    static_cast<void>(co_await data_.store.commit(std::move(batch)));  // The id is random.

    auto out = redirect(
        url + '&' +
        oidc::encode_form({{"redirect_uri", callback_url(*id)},
                           {"state", fresh.state},
                           {"nonce", fresh.flow.nonce},
                           {"code_challenge", oidc::code_challenge(fresh.flow.code_verifier)}}));
    auto const age = std::chrono::duration_cast<std::chrono::seconds>(oidc::login_flow_lifetime);
    out.headers.add("Set-Cookie", oidc::host_cookie(oidc::login_cookie, fresh.browser, age));
    co_return out;
}

/// The flow that `state` began, in this browser, with this provider; it is gone afterwards.
Task<oidc::LoginFlow> LoginApi::take_flow(std::string provider, std::string state,
                                          std::string_view cookies) {
    auto const found = co_await data_.login_flows.find(auth::hash_token(state));
    auto const browser = auth::hash_token(oidc::cookie_value(cookies, oidc::login_cookie));
    if (!found || found->value.expires_at <= clock_() || found->value.provider != provider ||
        found->value.browser_hash != browser)
        throw Error(ErrorCode::unauthenticated, "login_expired",
                    "this sign-in is over or was begun elsewhere: begin again");
    store::Batch batch;
    data_.login_flows.remove(batch, found->value.state_hash);
    if (!co_await data_.store.commit(std::move(batch)))
        throw Error(ErrorCode::unauthenticated, "login_expired",
                    "this sign-in is over: begin again");
    co_return found->value;
}

Task<http::Response> LoginApi::callback(http::Path<std::string, "provider"> id,
                                        http::Query<std::optional<std::string>, "state"> state,
                                        http::Query<std::optional<std::string>, "code"> code,
                                        http::Query<std::optional<std::string>, "iss"> issuer,
                                        http::Query<std::optional<std::string>, "error"> error,
                                        http::Header<"Cookie"> cookies, http::RequestInfo info) {
    auto* const provider = oidc::find_provider(providers_, *id);
    if (!provider) throw Error(ErrorCode::not_found, "there is no such login provider");
    auto const flow = co_await take_flow(*id, (*state).value_or(""), cookies.value);
    auto const metadata = co_await provider->metadata(info.deadline);
    // Mix-up defence (RFC 9207): another provider's answer is not for this one.
    if (*issuer ? **issuer != provider->issuer() : metadata->sends_issuer)
        oidc::throw_login_refused();
    auto const forget = oidc::host_cookie(oidc::login_cookie, "", std::chrono::seconds(0));
    if (*error || !*code) {
        auto out = redirect(oidc::with_parameter(flow.return_to, "login_error", "refused"));
        out.headers.add("Set-Cookie", forget);
        co_return out;
    }
    auto person = co_await provider->redeem({.code = **code,
                                             .code_verifier = flow.code_verifier,
                                             .redirect_uri = callback_url(*id),
                                             .nonce = flow.nonce},
                                            info.deadline);
    auto const reply =
        co_await entrance_.enter(std::move(person), info, entrance_.commit_to_store());
    auto const age = std::chrono::duration_cast<std::chrono::seconds>(limits::session_lifetime);
    auto out = redirect(flow.return_to);
    out.headers.add("Set-Cookie", forget);
    out.headers.add("Set-Cookie",
                    oidc::host_cookie(oidc::session_cookie, reply.session_token, age));
    co_return out;
}

}  // namespace grover::user
