#include "gateway/http2_attempt.hpp"

namespace grover::gateway {

using Answer = http::h2::ClientStream::Answer;
using http::h2::BodyFollows;
using http::h2::ChunkWriter;

net::Task<Outcome> Http2Attempt::ask(Forward const& forward) {
    auto& stream = *stream_;
    patience_.begin(forward);
    auto const framing = forward.head(place_->instance->authority, stream.fields());
    bool const body = !forward.first.empty() || forward.body != nullptr;
    stream.submit(forward.request.method, body ? BodyFollows::yes : BodyFollows::no);
    if (body) co_await send_body(forward, framing);
    while (stream.answer() == Answer::waiting)
        if (!co_await stream.wait(patience_.for_head())) co_return Outcome::late;
    switch (stream.answer()) {
        case Answer::unsent:
            co_return Outcome::unsent;
        case Answer::lost:
            co_return Outcome::lost;
        case Answer::malformed:
            co_return Outcome::broken;
        default:
            chunked_ = stream.head().body.kind() == http::BodyFraming::Kind::chunked;
            co_return Outcome::answered;
    }
}

/// A service may answer before it has read everything: what it does not take any more is no
/// failure.
net::Task<> Http2Attempt::send_body(Forward const& forward, http::BodyFraming framing) {
    auto& stream = *stream_;
    http::h2::RelayedBody body(framing);
    for (auto piece = forward.first;;) {
        for (auto content = body.next(piece); !content.empty(); content = body.next(piece)) {
            content.remove_prefix(stream.write_now(content));
            if (!content.empty() && !co_await stream.write(content, patience_.for_head()))
                co_return;
        }
        if (forward.body == nullptr || forward.body->body_complete()) break;
        piece = co_await forward.body->read_raw();
    }
    if (body.complete())
        body.for_each_trailer([&](auto name, auto value) { stream.trailers().add(name, value); });
    stream.end();
}

/// What was handed out has been passed on: as much again may come.
void Http2Attempt::use_up() noexcept {
    stream_->consumed(std::exchange(content_, 0));
    piece_.clear();
}

Attempt::Piece Http2Attempt::take() noexcept {
    auto& stream = *stream_;
    use_up();
    stream.take(piece_);
    content_ = piece_.size();
    bool const whole = stream.answer() == Answer::whole;
    if (late_ || !stream.answered()) return {piece_, End::cut};
    if (chunked_)
        stream.chunks().frame(piece_, whole ? ChunkWriter::Last::yes : ChunkWriter::Last::no);
    return {piece_, whole ? End::yes : End::no};
}

net::Task<> Http2Attempt::receive() {
    use_up();
    auto& stream = *stream_;
    if (stream.received() == 0 && stream.answer() == Answer::begun)
        late_ = !co_await stream.wait(patience_.for_more());
}

}  // namespace grover::gateway
