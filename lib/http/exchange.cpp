#include "http/exchange.hpp"

#include <charconv>
#include <stdexcept>

#include <fmt/format.h>

#include "http/head_writer.hpp"
#include "http/wire.hpp"

namespace grover::http {
namespace {

constexpr std::size_t body_buffer_bytes = 32 << 10;
// Up to here a body is copied behind its head; a larger one is written from where it is.
constexpr std::size_t copied_body_bytes_max = 16 << 10;
// A body that moves gets its time again for every so many bytes.
constexpr std::uint64_t body_period_bytes = 64 << 10;

/// The last address of X-Forwarded-For: the one that our gateway saw itself.
std::string_view forwarded_for(RequestHead const& head) {
    auto const list = head.get("X-Forwarded-For");
    auto const last = list.substr(list.rfind(',') + 1);
    return last.substr(std::min(last.find_first_not_of(' '), last.size()));
}

/// How long a caller still waits; nothing when it does not say so in digits.
std::optional<std::chrono::milliseconds> time_left(RequestHead const& head) {
    auto const text = head.get(deadline_header);
    std::uint32_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return std::chrono::milliseconds(value);
}

}  // namespace

net::Loop& Exchange::loop() const noexcept {
    return wire_.shard.loop;
}

void Exchange::start(RequestHead const& head, TimePoint now) {
    auto const& options = wire_.shard.options;
    head_ = &head;
    request_id_ = http::request_id(head.get("X-Request-ID"));
    trace_ = trace_context(head.get("traceparent"));
    started_ = now;
    std::chrono::milliseconds time = options.request_time_max;
    std::string_view forwarded;
    if (options.behind_gateway) {
        forwarded = forwarded_for(head);
        if (auto const left = time_left(head)) time = std::min(time, *left);
    }
    peer_address_ = forwarded.empty() ? peer_ : forwarded;
    deadline_ = now + time;

    body_ = head.body;
    source_ = wire_.input.unread().substr(head.size);
    source_in_body_ = false;
    continued_ = !head.expects_continue;
    body_bytes_left_ = options.body_bytes_max;
    body_bytes_in_period_ = body_period_bytes;
    body_until_ = now + options.body_time_max;

    state_ = Answer::none;
    status_ = 0;
    keep_alive_ = true;
    body_bytes_written_ = 0;
}

bool Exchange::settle() {
    if (!ended() || !keep_alive_) return false;
    source_.remove_prefix(body_.skip(source_));
    auto& input = wire_.input;
    if (source_in_body_) {
        input.consume(input.unread().size());
        input.append(source_);
        body_buffer_.reset();
    } else {
        input.consume(input.unread().size() - source_.size());
    }
    return true;
}

net::Task<std::string_view> Exchange::read_raw() {
    if (source_.empty() && !body_.complete()) co_await receive();
    auto const used = body_.skip(source_);
    co_return take(source_.substr(0, used), used);
}

net::Task<std::string_view> Exchange::read_content() {
    while (!body_.complete()) {
        if (source_.empty()) co_await receive();
        auto const step = body_.next(source_);
        if (auto const piece = take(step.content, step.used); !piece.empty()) co_return piece;
    }
    co_return std::string_view();
}

net::Task<std::string> Exchange::read_all() {
    std::string out;
    while (!body_.complete()) {
        auto const piece = co_await read_content();
        // What is announced is believed only as far as it may come.
        if (out.empty() && body_.kind() == BodyFraming::Kind::length)
            out.reserve(piece.size() + static_cast<std::size_t>(body_.remaining()));
        out += piece;
    }
    co_return out;
}

/// Accounts for `used` bytes of the source that have `piece` in them.
std::string_view Exchange::take(std::string_view piece, std::size_t used) {
    source_.remove_prefix(used);
    if (body_.malformed()) throw Error(ErrorCode::malformed, "the chunks of the body are broken");
    auto const announced = body_.kind() == BodyFraming::Kind::length ? body_.remaining() : 0;
    if (piece.size() + announced > body_bytes_left_)
        throw Error(ErrorCode::too_large, "the body is too large");
    body_bytes_left_ -= piece.size();
    return piece;
}

net::Task<> Exchange::receive() {
    bool const known = body_.kind() == BodyFraming::Kind::length;
    if (known && body_.remaining() > body_bytes_left_)
        throw Error(ErrorCode::too_large, "the body is too large");
    if (state_ == Answer::none) {
        if (!continued_) wire_.output += "HTTP/1.1 100 Continue\r\n\r\n";
        continued_ = true;
        co_await wire_.flush();
    }
    if (!body_buffer_) body_buffer_ = std::make_unique_for_overwrite<char[]>(body_buffer_bytes);
    auto const room =
        known ? std::min<std::uint64_t>(body_.remaining(), body_buffer_bytes) : body_buffer_bytes;
    auto const got =
        co_await wire_.read({body_buffer_.get(), static_cast<std::size_t>(room)}, body_until_);
    if (got.late) {
        wire_.shard.timed_out.add();
        throw Error(ErrorCode::request_timeout, "the body did not come in time");
    }
    if (got.count == 0) throw Disconnected();
    source_ = {body_buffer_.get(), got.count};
    source_in_body_ = true;
    if (got.count < body_bytes_in_period_) {
        body_bytes_in_period_ -= got.count;
    } else {
        body_bytes_in_period_ = body_period_bytes;
        body_until_ = std::chrono::steady_clock::now() + wire_.shard.options.body_time_max;
    }
}

bool Exchange::body_ends_in_sight() const noexcept {
    auto rest = body_;
    rest.skip(source_);
    return rest.complete();
}

bool Exchange::sent() const noexcept {
    return state_ != Answer::none && wire_.writes != writes_before_;
}

bool Exchange::bodiless() const noexcept {
    return status_ == 204 || status_ == 304 || head_->method == "HEAD";
}

void Exchange::begin(int status) {
    if (status < 200 || status > 599) throw std::invalid_argument("no final status");
    if (sent()) throw std::logic_error("the answer has begun already");
    if (state_ == Answer::none)
        answer_at_ = wire_.output.size();
    else
        wire_.output.resize(answer_at_);
    writes_before_ = wire_.writes;
    status_ = status;
    state_ = Answer::head;
    append_status_line(wire_.output, status);
}

void Exchange::field(std::string_view name, std::string_view value) {
    append_field(wire_.output, name, value);
}

void Exchange::end_head() {
    auto& out = wire_.output;
    // Decided this late because the body may have been read meanwhile.
    keep_alive_ = keep_alive_ && head_->keep_alive && !wire_.shard.draining && body_ends_in_sight();
    if (!keep_alive_)
        out += "Connection: close\r\n";
    else if (head_->minor_version == 0)
        out += "Connection: keep-alive\r\n";
    out += "Date: ";
    out += http_date();
    out += "\r\nX-Request-ID: ";
    out += request_id_;
    out += "\r\n\r\n";
}

net::Task<> Exchange::finish(std::string_view body) {
    bool const length_is_known = status_ != 204 && status_ != 304;
    if (length_is_known) append_field(wire_.output, "Content-Length", body.size());
    end_head();
    state_ = Answer::ended;
    if (bodiless()) body = {};
    body_bytes_written_ = body.size();
    co_await collect(body);
}

void Exchange::stream(Transfer transfer) {
    transfer_ = transfer;
    if (transfer == Transfer::chunked && !bodiless()) {
        if (head_->minor_version == 0)
            keep_alive_ = false;
        else
            append_field(wire_.output, "Transfer-Encoding", "chunked");
    }
    end_head();
    state_ = Answer::streaming;
}

void Exchange::append_chunk(std::string_view piece) {
    if (head_->minor_version == 0 || piece.empty()) {
        wire_.output += piece;
        return;
    }
    fmt::format_to(std::back_inserter(wire_.output), "{:x}\r\n{}\r\n", piece.size(), piece);
}

net::Task<> Exchange::write(std::string_view piece) {
    if (bodiless()) piece = {};
    body_bytes_written_ += piece.size();
    if (transfer_ == Transfer::relayed) {
        co_await wire_.send(piece);
    } else {
        append_chunk(piece);
        co_await wire_.flush();
    }
}

net::Task<> Exchange::end(std::string_view last) {
    if (bodiless()) last = {};
    body_bytes_written_ += last.size();
    state_ = Answer::ended;
    if (transfer_ == Transfer::relayed) {
        co_await collect(last);
        co_return;
    }
    append_chunk(last);
    if (head_->minor_version > 0 && !bodiless()) wire_.output += "0\r\n\r\n";
    co_await collect({});
}

/// The end of an answer leaves with what else is answered from this read, unless it is large.
net::Task<> Exchange::collect(std::string_view bytes) {
    if (bytes.size() > copied_body_bytes_max) {
        co_await wire_.send(bytes);
        co_return;
    }
    wire_.output += bytes;
    if (wire_.output.size() > Wire::output_bytes_max) co_await wire_.flush();
}

}  // namespace grover::http
