#include "http/exchange.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "http/shard.hpp"

namespace grover::http {
namespace {

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
    return shard_.loop;
}

void Exchange::start(RequestHead const& head, TimePoint now) {
    auto const& options = shard_.options;
    head_ = &head;
    request_id_ = http::request_id(head.get("X-Request-ID"));
    trace_ = trace_context(head.get("traceparent"));
    started_ = moved_ = now;
    time_ = options.request_time_max;
    std::string_view forwarded;
    if (options.behind_gateway) {
        forwarded = forwarded_for(head);
        if (auto const left = time_left(head)) time_ = std::min(time_, *left);
    }
    peer_address_ = forwarded.empty() ? peer_ : forwarded;

    body_bytes_left_ = options.body_bytes_max;
    body_bytes_in_period_ = body_period_bytes;
    body_until_ = now + options.body_time_max;

    state_ = Answer::none;
    answer_fields_.clear();
    answer_values_.clear();
    reserved_ = {};
    status_ = 0;
    body_bytes_written_ = 0;
    observed_ = false;
}

net::Task<std::string> Exchange::read_all() {
    std::string out;
    while (!body_complete()) {
        auto const piece = co_await read_content();
        // What is announced is believed only as far as it may come.
        if (out.empty() && head_->body.kind() == BodyFraming::Kind::length)
            out.reserve(std::max(piece.size(), static_cast<std::size_t>(head_->body.remaining())));
        out += piece;
    }
    co_return out;
}

void Exchange::begin(int status) {
    if ((status < 200 && status != 101) || status > 599)
        throw std::invalid_argument("no final status");
    if (sent()) throw std::logic_error("the answer has begun already");
    status_ = status;
    dated_ = false;
    begin_head();
    state_ = Answer::head;
    std::string_view values = answer_values_;
    for (auto const& [name, value_size] : answer_fields_) {
        put_field(name, values.substr(0, value_size));
        values.remove_prefix(value_size);
    }
}

void Exchange::answer_field(std::string_view name, std::string_view value) {
    answer_fields_.push_back({name, value.size()});
    answer_values_ += value;
}

bool Exchange::is_reserved(std::string_view name) const noexcept {
    return name.size() >= reserved_.size() &&
           same_token(name.substr(0, reserved_.size()), reserved_);
}

bool Exchange::bodiless() const noexcept {
    return status_ == 204 || status_ == 304 || head_->method == "HEAD";
}

void Exchange::admit(std::uint64_t piece_bytes, std::uint64_t announced) {
    // Compared apart: a length may be announced whose sum overflows.
    if (piece_bytes > body_bytes_left_ || announced > body_bytes_left_ - piece_bytes) {
        shard_.hit(ClientLimit::body_bytes);
        throw Error(ErrorCode::too_large, "the body is too large");
    }
    body_bytes_left_ -= piece_bytes;
}

void Exchange::body_has_moved(std::size_t bytes) noexcept {
    moved_ = std::chrono::steady_clock::now();
    if (bytes < body_bytes_in_period_) {
        body_bytes_in_period_ -= bytes;
        return;
    }
    body_bytes_in_period_ = body_period_bytes;
    body_until_ = moved_ + shard_.options.body_time_max;
}

void Exchange::body_is_late() {
    shard_.hit(ClientLimit::body_time);
    throw Error(ErrorCode::request_timeout, "the body did not come in time");
}

}  // namespace grover::http
