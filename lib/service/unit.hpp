// A request's unit of work: the writes of one request, and with them the record of its
// Idempotency-Key.
//
//     Task<Created<Post>> PostApi::create(Caller caller, CreatePost in, Unit unit) {
//         ...
//         auto done = co_await unit.commit(std::move(batch), Created{view, location});
//
// Every handler of a POST, PUT, PATCH or DELETE commits through its Unit, once, and hands over its
// reply. Where the client sent an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), the
// record of it, with that reply, is inserted in the same batch as the effect, so after a crash
// either all are there or nothing is. A repeated request replays the stored reply with
// Idempotent-Replayed: true; the same key with another request is 422; while the first still runs
// it is 409. Where there was nothing to commit (it was liked already), the kit keeps the reply.
//
// Replies are stored encrypted under a key made of the Idempotency-Key and the request, because
// some hold tokens: the database alone does not reveal them.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "store/document_store.hpp"

namespace grover::service {

using net::Task;

namespace detail {

/// Shared between the middleware, which makes it, and the Unit of the handler.
struct UnitState {
    explicit UnitState(store::DocumentStore& in) : store(in) {}
    store::DocumentStore& store;
    /// The record to insert with the commit; nothing without an Idempotency-Key.
    std::optional<boost::json::object> record;
    std::string seal_key;
    bool recorded = false;  // the record has been committed
    http::Request const* request = nullptr;
};

std::string seal_reply(UnitState const& state, http::Response const& reply);

}  // namespace detail

class Unit {
public:
    explicit Unit(detail::UnitState& state) : state_(&state) {}

    /// Commits together with the reply, and returns it; a rejected batch is a value, as with the
    /// store itself. After a rejection it may be called again, with what holds then.
    template <class R>
    Task<std::expected<R, store::Rejected>> commit(store::Batch batch, R reply) {
        auto const done = co_await commit_batch(
            std::move(batch), [&] { return http::Reply<R>::make(reply, *state_->request); });
        if (!done) co_return std::unexpected(done.error());
        co_return std::move(reply);
    }

private:
    Task<std::expected<void, store::Rejected>> commit_batch(
        store::Batch batch, std::function<http::Response()> const& reply);
    detail::UnitState* state_;
};

/// The collection that every service with a Unit has in its schema.
store::CollectionSpec idempotency_collection();

}  // namespace grover::service

namespace grover::http {

template <>
struct Extract<service::Unit> {
    static service::Unit from(Extraction& in);
    static void describe(Operation& op);
};

}  // namespace grover::http
