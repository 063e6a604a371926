// A request's unit of work: the writes of one request, and with them the record of its
// Idempotency-Key.
//
//     Task<Created<Post>> PostApi::create(Caller caller, CreatePost in, Unit unit) {
//         ...
//         auto done = co_await unit.commit(std::move(batch), Created{view, location});
//
// Every handler of a POST, PUT, PATCH or DELETE commits through its Unit. Where the client sent an
// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), the record of it is inserted in the
// same batch as the effect, so after a crash either both are there or neither. A repeated request
// replays the stored reply with Idempotent-Replayed: true; the same key with another request is
// 422; while the first still runs it is 409.
//
// Operations that create something pass their reply to commit(): it is stored with the effect.
// Operations that are idempotent by themselves (follow, like, PUT, DELETE) may leave that to the
// kit, which adds the reply after the handler: if the process dies between the two, the repeat runs
// again, harmlessly. Replies are stored encrypted under a key made of the Idempotency-Key and the
// request, because some hold tokens: the database alone does not reveal them.
#pragma once

#include <expected>
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
    /// The record to insert with the first commit; nothing without an Idempotency-Key.
    std::optional<boost::json::object> record;
    std::string seal_key;
    bool recorded = false;   // the record has been committed
    bool has_reply = false;  // ... together with its reply
    http::Request const* request = nullptr;
};

std::string seal_reply(UnitState const& state, http::Response const& reply);

}  // namespace detail

class Unit {
public:
    explicit Unit(detail::UnitState& state) : state_(&state) {}

    /// Commits; a rejected batch is a value, as with the store itself.
    Task<std::expected<void, store::Rejected>> commit(store::Batch batch);

    /// Commits together with the reply, and returns it.
    template <class R>
    Task<std::expected<R, store::Rejected>> commit(store::Batch batch, R reply) {
        if (state_->record && !state_->recorded)
            attach(http::Reply<R>::make(reply, *state_->request));
        auto const done = co_await commit(std::move(batch));
        if (!done) co_return std::unexpected(done.error());
        co_return std::move(reply);
    }

private:
    void attach(http::Response const& reply);
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
