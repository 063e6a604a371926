#include "gateway/deliver.hpp"

#include "http/fields.hpp"

namespace grover::gateway {
namespace {

void begin(http::Exchange& exchange, http::ReplyHead const& head, bool until_close) {
    exchange.begin(head.status);
    std::string room;
    auto const connection = http::list_of(head.fields, "Connection", room);
    bool const reframed = until_close || head.status == 204;  // which frames nothing
    for (auto const& [name, value] : head.fields)
        if (goes_out(name, connection) && !(reframed && frames_body(name)))
            exchange.field(name, value);
}

}  // namespace

bool RawDelivery::wants_its_head(http::ReplyHead const& head) const noexcept {
    bool const hurried =
        head.body.kind() != http::BodyFraming::Kind::length || !exchange_.body_complete();
    return hurried && !exchange_.sent();
}

void RawDelivery::broke_off() const {
    if (exchange_.sent()) throw http::Disconnected();
    throw Error(ErrorCode::bad_gateway, "a service broke off");
}

net::Task<> RawDelivery::deliver(Attempt& attempt) {
    bool const until_close = attempt.head().body.kind() == http::BodyFraming::Kind::until_close;
    begin(exchange_, attempt.head(), until_close);
    exchange_.stream(until_close ? http::Exchange::Transfer::chunked
                                 : http::Exchange::Transfer::relayed);
    for (;;) {
        auto const piece = attempt.take();
        if (piece.end == Attempt::End::cut) broke_off();
        if (piece.end == Attempt::End::yes) co_return co_await exchange_.end(piece.bytes);
        if (!piece.bytes.empty() || wants_its_head(attempt.head()))
            co_await exchange_.write(piece.bytes);
        co_await attempt.receive();
    }
}

net::Task<bool> RawDelivery::fall_back(Error const&, FallbackSettings const* otherwise) {
    if (otherwise == nullptr) co_return false;
    exchange_.begin(otherwise->status);
    exchange_.field("Content-Type", otherwise->content_type);
    exchange_.field("Cache-Control", "no-store");
    co_await exchange_.finish(otherwise->body);
    co_return true;
}

}  // namespace grover::gateway
