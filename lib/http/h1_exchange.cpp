#include "http/h1_exchange.hpp"

#include <fmt/format.h>

#include "http/head_writer.hpp"
#include "http/wire.hpp"

namespace grover::http {
namespace {

constexpr std::size_t body_buffer_bytes = 32 << 10;
// Up to here a body is copied behind its head; a larger one is written from where it is.
constexpr std::size_t copied_body_bytes_max = 4 << 10;

}  // namespace

H1Exchange::H1Exchange(Wire& wire, std::string peer, std::string_view scheme)
    : Exchange(wire.shard, std::move(peer), scheme), wire_(wire) {}

void H1Exchange::start(RequestHead const& head, TimePoint now) {
    Exchange::start(head, now);
    body_ = head.body;
    source_ = wire_.input.unread().substr(head.size);
    source_in_body_ = false;
    continued_ = !head.expects_continue;
    stopped_ = false;
    // What a client sends behind such a request may be of the other protocol, agreed on or not.
    keep_alive_ = !head.wants_websocket;
}

bool H1Exchange::settle() {
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

net::Task<std::string_view> H1Exchange::read_raw() {
    if (source_.empty() && !body_.complete())
        co_await receive();
    else if (state_ == Answer::none && !body_ends_in_sight())
        co_await let_come();
    auto const used = body_.skip(source_);
    co_return take(source_.substr(0, used), used);
}

net::Task<std::string_view> H1Exchange::read_content() {
    while (!body_.complete()) {
        if (source_.empty()) co_await receive();
        auto const step = body_.next(source_);
        if (auto const piece = take(step.content, step.used); !piece.empty()) co_return piece;
    }
    co_return std::string_view();
}

net::Task<bool> H1Exchange::body_comes(TimePoint until) {
    if (!source_.empty() || body_.complete()) co_return true;
    co_return co_await receive(until);
}

/// Accounts for `used` bytes of the source that have `piece` in them.
std::string_view H1Exchange::take(std::string_view piece, std::size_t used) {
    source_.remove_prefix(used);
    if (body_.malformed()) {
        shard_.malformed.add();
        throw Error(ErrorCode::malformed, "the chunks of the body are broken");
    }
    admit(piece.size(), body_.kind() == BodyFraming::Kind::length ? body_.remaining() : 0);
    return piece;
}

/// The client is to send more: it gets what it may be waiting for, before the answer. From then on
/// that may begin while the body is read.
net::Task<> H1Exchange::let_come() {
    if (!std::exchange(continued_, true)) wire_.output += "HTTP/1.1 100 Continue\r\n\r\n";
    co_await wire_.flush();
}

/// False when nothing has come until then.
net::Task<bool> H1Exchange::receive(TimePoint until) {
    bool const known = body_.kind() == BodyFraming::Kind::length;
    if (known) admit(0, body_.remaining());
    if (state_ == Answer::none) co_await let_come();
    if (stopped_) throw Disconnected();
    if (!body_buffer_) body_buffer_ = std::make_unique_for_overwrite<char[]>(body_buffer_bytes);
    auto const room =
        known ? std::min<std::uint64_t>(body_.remaining(), body_buffer_bytes) : body_buffer_bytes;
    receiving_ = true;
    auto const got = co_await wire_.read({body_buffer_.get(), static_cast<std::size_t>(room)},
                                         std::min(until, body_until_));
    receiving_ = false;
    if (stopped_) throw Disconnected();
    if (got.late && until < body_until_) co_return false;
    if (got.late) body_is_late();
    if (got.count == 0) throw Disconnected();
    source_ = {body_buffer_.get(), got.count};
    source_in_body_ = true;
    body_has_moved(got.count);
    co_return true;
}

void H1Exchange::stop_reading() noexcept {
    stopped_ = true;
    if (receiving_) wire_.read_until(TimePoint::min());
}

bool H1Exchange::body_ends_in_sight() const noexcept {
    auto rest = body_;
    rest.skip(source_);
    return rest.complete();
}

bool H1Exchange::sent() const noexcept {
    return state_ != Answer::none && wire_.writes != writes_before_;
}

void H1Exchange::begin_head() {
    if (state_ == Answer::none)
        answer_at_ = wire_.output.size();
    else
        wire_.output.resize(answer_at_);
    writes_before_ = wire_.writes;
    names_protocol_ = false;
    chunks_.reset();
    append_status_line(wire_.output, status_);
}

void H1Exchange::put_field(std::string_view name, std::string_view value) {
    if (head_->minor_version == 0 && same_token(name, "Transfer-Encoding")) {
        chunks_ = BodyFraming::chunked();
        return;
    }
    append_field(wire_.output, name, value);
    dated_ = dated_ || same_token(name, "Date");
    names_protocol_ = names_protocol_ || (name.size() == 7 && same_token(name, "Upgrade"));
}

void H1Exchange::end_head() {
    auto& out = wire_.output;
    // Decided this late because the body may have been read meanwhile.
    keep_alive_ = keep_alive_ && head_->keep_alive && !wire_.shard.draining && body_ends_in_sight();
    if (status_ == 101)
        out += "Connection: Upgrade\r\n";
    else if (!keep_alive_)
        out += names_protocol_ ? "Connection: Upgrade, close\r\n" : "Connection: close\r\n";
    else if (head_->minor_version == 0)
        out += "Connection: keep-alive\r\n";
    if (!dated_) {
        out += "Date: ";
        out += http_date();
        out += "\r\n";
    }
    out += "X-Request-ID: ";
    out += request_id();
    out += "\r\n\r\n";
}

net::Task<> H1Exchange::finish(std::string_view body) {
    bool const length_is_known = status_ != 204 && status_ != 304;
    if (length_is_known) append_field(wire_.output, "Content-Length", body.size());
    end_head();
    state_ = Answer::ended;
    if (bodiless()) body = {};
    body_bytes_written_ = body.size();
    co_await collect(body);
}

void H1Exchange::stream(Transfer transfer) {
    transfer_ = transfer;
    if (transfer == Transfer::chunked && !bodiless()) {
        if (head_->minor_version == 0)
            keep_alive_ = false;
        else
            append_field(wire_.output, "Transfer-Encoding", "chunked");
    }
    if (chunks_) keep_alive_ = false;
    end_head();
    state_ = Answer::streaming;
}

void H1Exchange::append_chunk(std::string_view piece) {
    if (head_->minor_version == 0 || piece.empty()) {
        wire_.output += piece;
        return;
    }
    fmt::format_to(std::back_inserter(wire_.output), "{:x}\r\n{}\r\n", piece.size(), piece);
}

/// The content of a piece of chunks.
void H1Exchange::append_content(std::string_view piece) {
    while (!piece.empty() && !chunks_->complete()) {
        auto const step = chunks_->next(piece);
        if (chunks_->malformed()) throw Disconnected();
        wire_.output += step.content;
        piece.remove_prefix(step.used);
    }
}

net::Task<> H1Exchange::write(std::string_view piece) {
    if (bodiless()) piece = {};
    body_bytes_written_ += piece.size();
    if (chunks_) {
        append_content(piece);
        co_await wire_.flush();
    } else if (transfer_ == Transfer::relayed) {
        if (!wire_.send_now(piece)) co_await wire_.send(piece);
    } else {
        append_chunk(piece);
        co_await wire_.flush();
    }
}

net::Task<> H1Exchange::end(std::string_view last) {
    if (bodiless()) last = {};
    body_bytes_written_ += last.size();
    state_ = Answer::ended;
    if (transfer_ == Transfer::relayed && !chunks_) {
        co_await collect(last);
        co_return;
    }
    if (chunks_) {
        append_content(last);
    } else {
        append_chunk(last);
        if (head_->minor_version > 0 && !bodiless()) wire_.output += "0\r\n\r\n";
    }
    co_await collect({});
}

bool H1Exchange::client_has_left() const noexcept {
    return wire_.stream.other_side_has_ended();
}

net::Task<std::unique_ptr<Duplex>> H1Exchange::open_tunnel() {
    end_head();
    state_ = Answer::ended;
    co_await wire_.flush();
    // The request's head stays where it is: handlers look at it to the end.
    co_return make_tunnel(wire_.stream, wire_.tls.get(), source_);
}

/// The end of an answer leaves with what else is answered from this read, unless it is large, or
/// the connection's last: the request's body may go on.
net::Task<> H1Exchange::collect(std::string_view bytes) {
    if (bytes.size() > copied_body_bytes_max) {
        if (!wire_.send_now(bytes)) co_await wire_.send(bytes);
        co_return;
    }
    wire_.output += bytes;
    if (wire_.output.size() > Wire::output_bytes_max || !keep_alive_) co_await wire_.flush();
}

}  // namespace grover::http
