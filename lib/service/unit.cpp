#include "service/unit.hpp"

#include "auth/digest.hpp"
#include "base/encoding.hpp"
#include "reflect/codec.hpp"

namespace grover::service {
namespace detail {

std::string seal_reply(UnitState const& state, http::Response const& reply) {
    boost::json::array headers;
    for (auto const& [name, value] : reply.headers.all())
        headers.push_back(boost::json::array{name, value});
    boost::json::object const plain{
        {"status", reply.status}, {"headers", std::move(headers)}, {"body", reply.body}};
    return to_base64url(auth::encrypt(state.seal_key, boost::json::serialize(plain)));
}

}  // namespace detail

Task<std::expected<void, store::Rejected>> Unit::commit_batch(
    store::Batch batch, std::function<http::Response()> const& reply) {
    bool const record = state_->record && !state_->recorded;
    auto const record_index = batch.writes.size();
    if (record) {
        (*state_->record)["reply"] = detail::seal_reply(*state_, reply());
        batch.add(store::Insert{"idempotency", *state_->record});
    }
    auto const done = co_await state_->store.commit(std::move(batch));
    if (record && !done && done.error().write == record_index)
        throw Error(ErrorCode::conflict, "request_in_progress",
                    "a request with this Idempotency-Key is being carried out or has just ended: "
                    "send it again");
    if (record && done) state_->recorded = true;
    co_return done;
}

store::CollectionSpec idempotency_collection() {
    return {.name = "idempotency", .expires_field = "expires_at", .shard_key = {{.field = "_id"}}};
}

}  // namespace grover::service

namespace grover::http {

service::Unit Extract<service::Unit>::from(Extraction& in) {
    auto* state = in.request.find<service::detail::UnitState>();
    if (!state) throw std::logic_error("a route with a Unit in a service without a store");
    return service::Unit(*state);
}

void Extract<service::Unit>::describe(Operation& op) {
    op.parameter("header", "Idempotency-Key", false,
                 {{"type", "string"},
                  {"maxLength", 255},
                  {"pattern", "^[!-~]{1,255}$"},
                  {"description", "the same key is carried out once"}});
    op.problem(409);
    op.problem(422);
}

}  // namespace grover::http
