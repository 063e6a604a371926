#include "http/h2/client_stream.hpp"

#include "http/h2/client_session.hpp"

namespace grover::http::h2 {
namespace {

constexpr int interim_answers_max = 8;

}  // namespace

void LetGo::operator()(ClientStream* stream) const noexcept {
    // The session may have nobody else.
    auto const session = std::exchange(stream->session_, nullptr);
    session->let_go(*stream);
}

void ClientStream::open(std::shared_ptr<ClientSession> session) {
    session_ = std::move(session);
    id_ = 0;
    closed_ = head_sent_ = body_dropped_ = false;
    fields_.clear();
    outgoing_.clear();
    reply_.reset();
    head_complete_ = false;
    interims_ = 0;
    answer_ = Answer::waiting;
    heard_nothing_ = true;
    connection_ended_ = malformed_ = reset_by_service_ = false;
    incoming_.clear();
    chunks_.clear();
}

// --- the request ---

void ClientStream::submit(std::string_view method, BodyFollows body) {
    method_ = method;
    outgoing_.ended = body == BodyFollows::no;
    if (session_->submit(*this, body)) return;
    connection_ended_ = true;
    fail(Answer::unsent);
}

std::size_t ClientStream::write_now(std::string_view content) {
    if (closed_) return 0;
    auto const piece = content.substr(0, outgoing_.room());
    outgoing_.append(piece);
    session_->output_ready(id_);
    return piece.size();
}

net::Task<bool> ClientStream::write(std::string_view content, TimePoint until) {
    for (;;) {
        content.remove_prefix(write_now(content));
        if (content.empty()) co_return true;
        if (!wants_body() || !co_await drained_.wait(until)) co_return false;
    }
}

net::Task<> ClientStream::settled(TimePoint until) {
    while (wants_body())
        if (!co_await drained_.wait(until)) co_return;
}

void ClientStream::end() {
    outgoing_.ended = true;
    if (!closed_) session_->output_ready(id_);
}

void ClientStream::drop_body() noexcept {
    body_dropped_ = true;
    drained_.notify();
}

void ClientStream::on_sent() noexcept {
    // Half empty: a writer that is woken for every frame would go on in very small steps.
    if (outgoing_.size() <= StreamOutput::bytes_max / 2) drained_.notify();
}

// --- the answer ---

bool ClientStream::on_header(std::string_view name, std::string_view value) {
    heard_nothing_ = false;
    if (!head_complete_) return reply_.add(name, value);
    chunks_.add_trailer(name, value);
    return true;
}

/// False: it is no answer.
bool ClientStream::on_headers_complete(BodyFollows body) {
    if (head_complete_) return true;
    if (!reply_.finish(method_, body)) return false;
    if (reply_.status() < 200) {
        reply_.reset();
        return ++interims_ <= interim_answers_max;
    }
    head_complete_ = true;
    if (answer_ == Answer::waiting) answer_ = Answer::begun;
    arrived_.notify();
    return true;
}

void ClientStream::on_data(std::string_view bytes) {
    incoming_ += bytes;
    arrived_.notify();
}

void ClientStream::on_end() {
    if (answer_ != Answer::begun) return;
    answer_ = Answer::whole;
    wake();
}

void ClientStream::on_closed(std::uint32_t code, bool connection_is_ending) {
    closed_ = true;
    if (answer_ == Answer::whole) return wake();
    bool const refused = code == NGHTTP2_REFUSED_STREAM && answer_ == Answer::waiting;
    connection_ended_ = connection_is_ending;
    if (malformed_)
        fail(Answer::malformed);
    else
        fail(refused || !head_sent_ ? Answer::unsent : Answer::lost);
}

void ClientStream::on_connection_lost(bool broken, bool had_served) {
    if (closed_) return;
    closed_ = true;
    if (answer_ == Answer::whole) return wake();
    connection_ended_ = had_served && !broken;
    heard_nothing_ = heard_nothing_ && !broken;
    fail(malformed_ ? Answer::malformed : head_sent_ ? Answer::lost : Answer::unsent);
}

void ClientStream::fail(Answer how) {
    closed_ = closed_ || id_ == 0;
    answer_ = how;
    wake();
}

/// Whoever waits for an answer, or for room.
void ClientStream::wake() noexcept {
    arrived_.notify();
    drained_.notify();
}

void ClientStream::consumed(std::size_t bytes) {
    // What has come to its end needs no window.
    if (!closed_ && answer_ != Answer::whole && bytes > 0) session_->consumed(id_, bytes);
}

void ClientStream::cancel() noexcept {
    if (answer_ == Answer::whole || answer_ >= Answer::unsent) return;
    answer_ = Answer::lost;
    wake();
}

}  // namespace grover::http::h2
