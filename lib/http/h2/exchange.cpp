#include "http/h2/exchange.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "http/characters.hpp"
#include "http/h2/server_session.hpp"
#include "http/head_writer.hpp"

namespace grover::http::h2 {
namespace {

using Steady = std::chrono::steady_clock;

/// Of an answer as HTTP/1.1 has it: HTTP/2 frames and connections know without.
bool concerns_connection(std::string_view name) {
    return same_token(name, "connection") || same_token(name, "keep-alive") ||
           same_token(name, "proxy-connection") || same_token(name, "upgrade");
}

}  // namespace

StreamExchange::StreamExchange(ServerSession& session, Shard& shard, std::string peer,
                               std::string_view scheme)
    : Exchange(shard, std::move(peer), scheme),
      session_(session),
      arrived_(shard.loop),
      drained_(shard.loop),
      unread_(*this, shard.loop) {}

void StreamExchange::open(std::int32_t id) {
    id_ = id;
    open_ = true;
    running_ = finished_ = end_sent_ = gone_ = false;
    fields_.reset();
    incoming_.clear();
    chunks_.clear();
    input_ended_ = end_handed_ = stopped_ = false;
    answer_.clear();
    answer_is_chunked_ = submitted_ = false;
    outgoing_.clear();
}

void StreamExchange::start(RequestHead const& head, TimePoint now) {
    Exchange::start(head, now);
    continued_ = !head.expects_continue;
    body_left_ = head.body.kind() == BodyFraming::Kind::length ? head.body.remaining() : 0;
    running_ = true;
}

// --- the request's body ---

void StreamExchange::on_data(std::string_view bytes) {
    incoming_ += bytes;
    arrived_.notify();
}

bool StreamExchange::on_trailer(std::string_view name, std::string_view value) {
    return chunks_.add_trailer(name, value);
}

void StreamExchange::on_input_end() {
    input_ended_ = true;
    arrived_.notify();
}

void StreamExchange::on_gone() {
    gone_ = true;
    arrived_.notify();
    drained_.notify();
}

void StreamExchange::on_finished() noexcept {
    running_ = false;
    finished_ = true;
    if (open_ && !end_sent_) unread_.expires_at(Steady::now() + shard_.options.write_time_max);
}

void StreamExchange::Unread::on_expiry() noexcept {
    never_expires();
    stream_.session_.on_unread(stream_);
}

bool StreamExchange::body_complete() const noexcept {
    switch (head().body.kind()) {
        case BodyFraming::Kind::none:
            return true;
        case BodyFraming::Kind::length:
            return body_left_ == 0;
        default:
            return end_handed_;
    }
}

net::Task<bool> StreamExchange::body_comes(TimePoint until) {
    admit(0, body_left_);
    while (incoming_.empty() && !input_ended_) {
        if (gone_ || stopped_) throw Disconnected();
        if (!std::exchange(continued_, true) && state_ == Answer::none) submit_interim();
        if (co_await arrived_.wait(std::min(until, body_until_))) continue;
        if (until < body_until_) co_return false;
        body_is_late();
    }
    co_return true;
}

/// Waits for bytes or for the end of the body, and takes them.
net::Task<> StreamExchange::receive() {
    co_await body_comes(TimePoint::max());
    handed_.clear();
    std::swap(handed_, incoming_);
    if (open_ && !handed_.empty()) session_.consumed(*this, handed_.size());
    body_has_moved(handed_.size());
    if (head().body.kind() == BodyFraming::Kind::length) {
        // nghttp2 lets no body through that differs from its length.
        if (handed_.empty()) throw Disconnected();
        body_left_ -= std::min<std::uint64_t>(body_left_, handed_.size());
    }
    admit(handed_.size(), 0);
}

void StreamExchange::stop_reading() noexcept {
    stopped_ = true;
    arrived_.notify();
}

net::Task<std::string_view> StreamExchange::read_content() {
    if (body_complete()) co_return std::string_view();
    co_await receive();
    end_handed_ = input_ended_ && incoming_.empty();
    co_return handed_;
}

net::Task<std::string_view> StreamExchange::read_raw() {
    if (body_complete()) co_return std::string_view();
    co_await receive();
    if (head().body.kind() == BodyFraming::Kind::length) co_return handed_;
    end_handed_ = input_ended_ && incoming_.empty();
    chunks_.frame(handed_, end_handed_ ? ChunkWriter::Last::yes : ChunkWriter::Last::no);
    co_return handed_;
}

void StreamExchange::submit_interim() {
    if (!open_) return;
    FieldList fields;
    fields.add(":status", "100");
    session_.submit_interim(id_, fields);
}

// --- the answer ---

void StreamExchange::begin_head() {
    answer_.clear();
    answer_is_chunked_ = false;
}

void StreamExchange::put_field(std::string_view name, std::string_view value) {
    if (!is_token(name)) throw std::invalid_argument("a header field has no valid name");
    if (!is_value(value))
        throw std::invalid_argument("a header field has a control character: " + std::string(name));
    if (same_token(name, "transfer-encoding"))
        answer_is_chunked_ = true;
    else if (!concerns_connection(name))
        answer_.add(name, value);
    dated_ = dated_ || same_token(name, "date");
}

void StreamExchange::submit(bool body_follows) {
    submitted_ = true;
    outgoing_.ended = !body_follows;
    if (!open_) return;
    static thread_local FieldList list;
    list.clear();
    fmt::format_int const status(status_);
    list.add(":status", {status.data(), status.size()});
    answer_.append_to(list);
    if (!dated_) list.add("date", http_date());
    list.add("x-request-id", request_id());
    auto provider = outgoing_.provider();
    session_.submit_answer(id_, list, body_follows ? &provider : nullptr);
}

void StreamExchange::on_sent() {
    // Half empty: a writer that is woken for every frame would go on in very small steps.
    if (outgoing_.size() <= StreamOutput::bytes_max / 2) drained_.notify();
}

net::Task<> StreamExchange::put(std::string_view bytes) {
    while (!bytes.empty()) {
        if (gone_ || !open_) throw Disconnected();
        auto const room = outgoing_.room();
        if (room == 0) {
            session_.output_ready(*this);
            if (co_await drained_.wait(Steady::now() + shard_.options.write_time_max)) continue;
            shard_.hit(ClientLimit::read_time);
            throw Disconnected();
        }
        auto const piece = bytes.substr(0, room);
        outgoing_.append(piece);
        bytes.remove_prefix(piece.size());
    }
    if (open_) session_.output_ready(*this);
}

net::Task<> StreamExchange::finish(std::string_view body) {
    bool const length_is_known = status_ != 204 && status_ != 304;
    if (length_is_known) {
        fmt::format_int const length(body.size());
        answer_.add("content-length", {length.data(), length.size()});
    }
    if (bodiless()) body = {};
    state_ = Answer::ended;
    body_bytes_written_ = body.size();
    submit(!body.empty());
    if (body.empty()) co_return;
    // All in one turn where it fits: head, body and end.
    outgoing_.ended = body.size() <= outgoing_.room();
    co_await put(body);
    if (!outgoing_.ended) end_output();
}

void StreamExchange::stream(Transfer transfer) {
    transfer_ = transfer;
    relayed_ = RelayedBody(BodyFraming::chunked());
    state_ = Answer::streaming;
}

net::Task<> StreamExchange::put_relayed(std::string_view piece) {
    for (;;) {
        auto const content = relayed_.next(piece);
        if (relayed_.malformed()) throw Disconnected();
        if (content.empty()) co_return;
        body_bytes_written_ += content.size();
        co_await put(content);
    }
}

net::Task<> StreamExchange::write(std::string_view piece) {
    if (!submitted_) submit(!bodiless());
    if (bodiless()) co_return;
    if (transfer_ == Transfer::relayed && answer_is_chunked_) {
        co_await put_relayed(piece);
        co_return;
    }
    body_bytes_written_ += piece.size();
    co_await put(piece);
}

net::Task<std::unique_ptr<Duplex>> StreamExchange::open_tunnel() {
    throw std::logic_error("a stream of HTTP/2 asks for no WebSocket");
}

void StreamExchange::end_output() {
    outgoing_.ended = true;
    if (open_) session_.output_ready(*this);
}

net::Task<> StreamExchange::end(std::string_view last) {
    bool const body = !bodiless() && !(last.empty() && !submitted_);
    if (!submitted_) submit(body);
    state_ = Answer::ended;
    if (!body || bodiless()) {
        end_output();
        co_return;
    }
    if (transfer_ == Transfer::relayed && answer_is_chunked_) {
        co_await put_relayed(last);
        relayed_.for_each_trailer(
            [this](auto name, auto value) { outgoing_.trailers.add(name, value); });
    } else {
        body_bytes_written_ += last.size();
        // The last frame ends the stream where it fits.
        if (last.size() <= outgoing_.room()) outgoing_.ended = true;
        co_await put(last);
    }
    end_output();
}

}  // namespace grover::http::h2
