// Calls from one service to another: signed as this service, under the caller's deadline, with its
// request id.
//
//     auto cards = co_await users.post<std::vector<Card>>("/internal/users/cards",
//     CardsRequest{ids}, info);
#pragma once

#include <functional>
#include <string>

#include "http/extract.hpp"
#include "reflect/codec.hpp"
#include "service/kit.hpp"

namespace grover::service {

class Peer {
public:
    /// `name` is what errors call the other service ("user service"); `origin` as in
    /// http::Outgoing.
    Peer(Kit& kit, std::string name, std::string origin);
    /// Asked for the origin before every call, on the caller's loop: where instances come and go.
    Peer(Kit& kit, std::string name, std::function<std::string()> origin);

    /// The reply's body as T. Throws Error: the peer's own 4xx as they are, else unavailable,
    /// bad_gateway or gateway_timeout.
    template <class T>
    Task<T> get(std::string target, http::RequestInfo info) {
        auto const reply = co_await call("GET", std::move(target), {}, std::move(info));
        co_return reflect::from_json<T>(reply.body, reflect::Reading::stored);
    }
    template <class T, class In>
    Task<T> post(std::string target, In const& in, http::RequestInfo info) {
        auto body = reflect::to_json(in);
        auto const reply =
            co_await call("POST", std::move(target), std::move(body), std::move(info));
        co_return reflect::from_json<T>(reply.body, reflect::Reading::stored);
    }
    /// As the viewer rather than as this service: the peer answers what it would answer them.
    template <class T>
    Task<T> get_as(auth::Viewer viewer, std::string target, http::RequestInfo info) {
        auto identity = viewer.anonymous() ? std::string() : sign(*viewer.caller);
        auto const reply =
            co_await exchange("GET", std::move(target), {}, std::move(info), std::move(identity));
        co_return reflect::from_json<T>(reply.body, reflect::Reading::stored);
    }
    /// The raw exchange as this service; a status of 400 and more is thrown.
    Task<http::Response> call(std::string method, std::string target, std::string body,
                              http::RequestInfo info);

    /// GET /health under `deadline`, for Kit::dependency.
    Task<bool> healthy(http::Deadline deadline);

private:
    std::string sign(auth::Caller const& caller) const;
    /// `identity`: the signed header; empty for an anonymous call.
    Task<http::Response> exchange(std::string method, std::string target, std::string body,
                                  http::RequestInfo info, std::string identity);

    Kit& kit_;
    std::string name_;
    std::function<std::string()> origin_;
};

}  // namespace grover::service
