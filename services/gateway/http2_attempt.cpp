#include "gateway/http2_attempt.hpp"

namespace grover::gateway {

using Answer = http::h2::ClientStream::Answer;
using Steady = std::chrono::steady_clock;
using http::h2::BodyFollows;
using http::h2::ChunkWriter;

namespace {

Outcome outcome_of(Answer answer) noexcept {
    switch (answer) {
        case Answer::unsent:
            return Outcome::unsent;
        case Answer::lost:
            return Outcome::lost;
        case Answer::malformed:
            return Outcome::broken;
        default:
            return Outcome::answered;
    }
}

}  // namespace

net::Task<Outcome> Http2Attempt::ask(Forward const& forward) {
    auto& stream = *stream_;
    patience_.begin(forward);
    auto const framing = forward.head(place_->instance->authority, stream.fields());
    bool const body = !forward.first.empty() || forward.body != nullptr;
    stream.submit(forward.request.method, body ? BodyFollows::yes : BodyFollows::no);
    body_ = http::h2::RelayedBody(framing);
    if (body) co_await send_body(forward);
    auto outcome = Outcome::answered;
    while (stream.answer() == Answer::waiting && outcome != Outcome::late)
        if (!co_await stream.wait(patience_.for_head()) && patience_.for_head() <= Steady::now())
            outcome = Outcome::late;
    if (outcome != Outcome::late) outcome = outcome_of(stream.answer());
    if (outcome == Outcome::answered) {
        chunked_ = stream.head().body.kind() == http::BodyFraming::Kind::chunked;
        if (upload_ && stream.head().status >= 400) upload_->enough();
    } else if (upload_) {
        co_await drop_body();
        upload_->check(outcome == Outcome::late);
    }
    co_return outcome;
}

/// The first piece; the rest goes on while the answer is waited for: what the service does not take
/// any more is no failure.
net::Task<> Http2Attempt::send_body(Forward const& forward) {
    if (!co_await put(forward.first)) co_return;
    auto* const body = forward.body;
    if (body == nullptr || body->body_complete()) co_return end_body();
    upload_.emplace(
        *body, [this, body](std::string_view piece) { return put_next(*body, piece); },
        [this] { cancel(); });
}

net::Task<bool> Http2Attempt::put(std::string_view piece) {
    auto& stream = *stream_;
    patience_.body_moved();
    for (auto content = body_.next(piece); !content.empty(); content = body_.next(piece)) {
        content.remove_prefix(stream.write_now(content));
        if (content.empty()) continue;
        auto const until = stream.answered() ? patience_.for_more() : patience_.for_head();
        if (!co_await stream.write(content, until)) co_return false;
    }
    co_return true;
}

net::Task<bool> Http2Attempt::put_next(http::Exchange const& body, std::string_view piece) {
    bool const last = body.body_complete();
    if (!co_await put(piece)) co_return false;
    if (last) end_body();
    co_return true;
}

void Http2Attempt::end_body() {
    if (body_.complete())
        body_.for_each_trailer(
            [this](auto name, auto value) { stream_->trailers().add(name, value); });
    stream_->end();
}

net::Task<> Http2Attempt::finish_body() {
    if (!upload_) co_return;
    co_await upload_->ended();
    if (upload_->whole()) co_await stream_->settled(patience_.for_more());
}

net::Task<> Http2Attempt::drop_body() {
    if (!upload_) co_return;
    stream_->drop_body();
    co_await upload_->stop();
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
    auto const until = patience_.for_more();
    if (stream.received() == 0 && stream.answer() == Answer::begun)
        late_ = !co_await stream.wait(until);
    late_ = late_ || patience_.over();
}

}  // namespace grover::gateway
