// Long: the states of a connection under io_uring are one machine, which is read as a whole.
#include "net/engines/uring_channel.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <boost/asio/error.hpp>

#include "net/engines/uring.hpp"
#include "net/loop.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;

// What a closed stream has still to send may wait so long for its reader.
constexpr auto closing_time_max = 30s;
// So many single receives in a row that did not fill their buffer: the reader keeps up again.
constexpr unsigned short_reads_enough = 4;

ErrorCode code_of(int result) noexcept {
    return {-result, boost::system::system_category()};
}
bool was_cancelled(int result) noexcept {
    return result == -ECANCELED || result == -EINTR;
}

}  // namespace

void UringChannel::mark() noexcept {
    engine_.mark(*this);
}

void UringChannel::end(Side& side, ErrorCode error, std::size_t count) noexcept {
    side.cancelled = false;
    engine_.loop.complete(*std::exchange(side.operation, nullptr), error, count);
}

// Receiving.

void UringChannel::read(Operation& operation, Buffers const& buffers) {
    in_.operation = &operation;
    in_.buffers = buffers;
    operation.waits_at = this;
    if (has_input()) return end(in_, {}, take(buffers));
    if (in_error_) return end(in_, in_error_);
    if (!engine_.alive()) return end(in_, asio::error::operation_aborted);
    if (receiving_ == Receiving::nothing) mark();
}

std::size_t UringChannel::take(Buffers const& buffers) noexcept {
    std::size_t taken = 0;
    std::size_t piece = 0;
    for (std::size_t part = 0; part < buffers.count; ++part) {
        auto* to = static_cast<char*>(buffers.parts[part].iov_base);
        auto room = buffers.parts[part].iov_len;
        auto const copy = [&](char const* from, std::size_t size) {
            auto const bytes = std::min(size, room);
            std::memcpy(to, from, bytes);
            to += bytes;
            room -= bytes;
            taken += bytes;
            return bytes;
        };
        stash_begin_ += copy(stash_.data() + stash_begin_, stash_.size() - stash_begin_);
        while (room > 0 && piece < pieces_.size()) {
            auto& one = pieces_[piece];
            one.begin += static_cast<unsigned>(
                copy(engine_.ring.buffer(one.buffer) + one.begin, one.end - one.begin));
            if (one.begin < one.end) break;
            engine_.ring.give_back(one.buffer);
            ++piece;
        }
    }
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(piece));
    if (stash_begin_ == stash_.size() && !stash_.empty()) {
        stash_ = {};
        stash_begin_ = 0;
    }
    return taken;
}

void UringChannel::put_aside() {
    engine_.unmark_holding(*this);
    if (pieces_.empty()) return;
    for (auto const& one : pieces_) {
        stash_.append(engine_.ring.buffer(one.buffer) + one.begin, one.end - one.begin);
        engine_.ring.give_back(one.buffer);
    }
    pieces_.clear();
    bulk_ = true;
    short_reads_ = 0;
    if (receiving_ != Receiving::multishot) return;
    in_.cancel = true;
    mark();
}

void UringChannel::deliver() {
    if (in_.operation && receiving_ != Receiving::direct && !listens_) {
        if (has_input())
            end(in_, {}, take(in_.buffers));
        else if (in_error_)
            end(in_, in_error_);
        else if (receiving_ == Receiving::nothing)
            mark();  // The shared buffers were used up, or the reader has come back.
    }
    if (pieces_.empty()) engine_.unmark_holding(*this);
}

void UringChannel::on_received(io_uring_cqe const& completion) {
    bool const last = !(completion.flags & IORING_CQE_F_MORE);
    if (last) engine_.completed();
    if (listens_)
        on_accepted(completion.res, last);
    else if (receiving_ == Receiving::direct)
        on_direct(completion.res);
    else
        on_multishot(completion, last);
}

void UringChannel::on_multishot(io_uring_cqe const& completion, bool last) {
    int const result = completion.res;
    if (completion.flags & IORING_CQE_F_BUFFER) {
        unsigned const buffer = completion.flags >> IORING_CQE_BUFFER_SHIFT;
        if (result > 0 && !released_)
            pieces_.push_back({buffer, 0, static_cast<unsigned>(result)});
        else
            engine_.ring.give_back(buffer);
    }
    if (last) {
        receiving_ = Receiving::nothing;
        in_.cancel = false;
    }
    if (result == 0)
        in_error_ = asio::error::eof;
    else if (result < 0 && result != -ENOBUFS && !was_cancelled(result))
        in_error_ = code_of(result);
    if (!released_) engine_.mark_holding(*this);
}

void UringChannel::on_direct(int result) {
    receiving_ = Receiving::nothing;
    in_.cancel = false;
    if (result == 0)
        in_error_ = asio::error::eof;
    else if (result < 0 && !was_cancelled(result))
        in_error_ = code_of(result);
    if (!in_.operation) return;
    if (result > 0) {
        bool const whole = static_cast<std::size_t>(result) == in_.buffers.parts[0].iov_len;
        short_reads_ = whole ? 0 : short_reads_ + 1;
        if (short_reads_ >= short_reads_enough) bulk_ = false;
        end(in_, {}, static_cast<std::size_t>(result));
    } else if (in_error_) {
        end(in_, in_error_);
    } else if (in_.cancelled || !engine_.alive()) {
        end(in_, asio::error::operation_aborted);
    } else {
        mark();
    }
}

void UringChannel::accept(Operation& operation) {
    listens_ = true;
    in_.operation = &operation;
    operation.waits_at = this;
    if (!accepted_.empty()) return end_accept();
    if (!engine_.alive()) return end(in_, asio::error::operation_aborted);
    if (receiving_ != Receiving::nothing) return;
    if (accepts_no_more_) return end(in_, asio::error::eof);
    mark();
}

void UringChannel::stop_accepting() noexcept {
    accepts_no_more_ = true;
    if (receiving_ != Receiving::nothing) {
        in_.cancel = true;
        mark();
    } else if (in_.operation) {
        end(in_, asio::error::eof);
    }
}

void UringChannel::end_accept() noexcept {
    auto const descriptor = accepted_.front();
    accepted_.erase(accepted_.begin());
    end(in_, {}, static_cast<std::size_t>(descriptor));
}

void UringChannel::on_accepted(int result, bool last) {
    if (last) receiving_ = Receiving::nothing;
    if (result >= 0) {
        if (released_)
            ::close(result);
        else
            accepted_.push_back(result);
    }
    if (!in_.operation) return;
    if (!accepted_.empty())
        end_accept();
    else if (result < 0 && !was_cancelled(result))
        end(in_, code_of(result));
    else if (last && accepts_no_more_)
        end(in_, asio::error::eof);
    else if (last)
        mark();
}

bool UringChannel::stale() noexcept {
    if (has_input() || in_error_) return true;
    if (receiving_ == Receiving::multishot) return false;
    char byte = 0;
    auto const got = ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

// Sending.

void UringChannel::write(Operation& operation, Buffers const& buffers) {
    out_.operation = &operation;
    out_.buffers = buffers;
    operation.waits_at = this;
    begin_write();
}

void UringChannel::begin_write() noexcept {
    if (out_error_) return end(out_, out_error_);
    if (!engine_.alive()) return end(out_, asio::error::operation_aborted);
    auto const bytes = out_.buffers.bytes;
    if (bytes > copied_bytes_max) {
        if (sending_ == Sending::nothing) {
            sending_ = Sending::direct;
            mark();
        } else if (sending_ == Sending::copied) {
            engine_.hurry();
        }
        return;
    }
    if (sending_ != Sending::nothing && sending_ != Sending::copied) return;
    if (copy(out_.buffers)) return end(out_, {}, bytes);
    engine_.hurry();
    engine_.mark_sent(*this);
}

std::size_t UringChannel::write_now(Buffers const& buffers) noexcept {
    bool const can = !out_error_ && engine_.alive() && buffers.bytes <= copied_bytes_max &&
                     (sending_ == Sending::nothing || sending_ == Sending::copied);
    return can && copy(buffers) ? buffers.bytes : 0;
}

/// Into the arena, to be sent at the end of the turn; false when there is no room.
bool UringChannel::copy(Buffers const& buffers) noexcept {
    auto& arena = engine_.arena;
    // In one piece: of two sends the second could overtake what is left of the first.
    bool const adjacent = sending_ == Sending::nothing || copied_ + copied_bytes_ == arena.end();
    if (!adjacent || copied_bytes_ + buffers.bytes > copied_bytes_max ||
        arena.room() < buffers.bytes)
        return false;
    if (sending_ == Sending::nothing) {
        sending_ = Sending::copied;
        copied_ = arena.end();
        mark();
    }
    for (std::size_t i = 0; i < buffers.count; ++i) {
        auto const& part = buffers.parts[i];
        std::memcpy(arena.end(), part.iov_base, part.iov_len);
        arena.take(part.iov_len);
    }
    copied_bytes_ += buffers.bytes;
    return true;
}

void UringChannel::connect(Operation& operation, SocketAddress const& address) {
    out_.operation = &operation;
    operation.waits_at = this;
    if (!engine_.alive()) return end(out_, asio::error::operation_aborted);
    address_ = std::make_unique<SocketAddress>(address);
    sending_ = Sending::connecting;
    mark();
}

void UringChannel::on_sent(io_uring_cqe const& completion) {
    int const result = completion.res;
    if (sending_ == Sending::copied) return on_copied_failed(result);
    engine_.completed();
    submitted_ = false;
    out_.cancel = false;
    if (sending_ == Sending::rest) return on_rest_sent(result);
    bool const connecting = sending_ == Sending::connecting;
    sending_ = Sending::nothing;
    address_.reset();
    message_.reset();
    auto const sent = result > 0 && !connecting ? static_cast<std::size_t>(result) : 0;
    auto error = was_cancelled(result) ? ErrorCode(asio::error::operation_aborted)
                 : result < 0          ? code_of(result)
                                       : ErrorCode();
    if (out_.cancelled && sent < out_.buffers.bytes && !connecting)
        error = asio::error::operation_aborted;
    if (out_.operation) end(out_, error, sent);
    engine_.mark_sent(*this);
}

/// The socket took only a part, or nothing.
void UringChannel::on_copied_failed(int result) {
    if (result < 0 && result != -EAGAIN && !was_cancelled(result)) {
        out_error_ = code_of(result);
        sending_ = Sending::nothing;
    } else {
        auto const sent = static_cast<std::size_t>(std::max(result, 0));
        rest_.assign(copied_ + sent, copied_bytes_ - sent);
        rest_begin_ = 0;
        sending_ = Sending::rest;
        mark();
    }
    copied_bytes_ = 0;
}

void UringChannel::on_rest_sent(int result) {
    if (result < 0 && result != -EAGAIN &&
        !(was_cancelled(result) && engine_.alive() && close_by_ != TimePoint::min())) {
        out_error_ =
            was_cancelled(result) ? ErrorCode(asio::error::operation_aborted) : code_of(result);
        rest_begin_ = rest_.size();
    } else {
        rest_begin_ += static_cast<std::size_t>(std::max(result, 0));
    }
    if (rest_begin_ < rest_.size()) return mark();
    rest_ = {};
    sending_ = Sending::nothing;
    engine_.mark_sent(*this);
}

void UringChannel::settle() {
    if (sending_ != Sending::copied) return;
    sending_ = Sending::nothing;
    copied_bytes_ = 0;
}

void UringChannel::go_on() noexcept {
    if (sending_ != Sending::nothing) return;
    if (std::exchange(shut_down_after_, false)) ::shutdown(descriptor_, SHUT_WR);
    if (out_.operation) begin_write();
}

void UringChannel::shutdown_send() noexcept {
    if (sending_ == Sending::nothing) {
        ::shutdown(descriptor_, SHUT_WR);
        return;
    }
    shut_down_after_ = true;
    engine_.hurry();
}

// Submitting.

void UringChannel::prepare() {
    prepare_send();
    if (in_.cancel && receiving_ != Receiving::nothing)
        engine_.submit_cancel(*this, UringEngine::receiving);
    in_.cancel = false;
    if (out_.cancel && submitted_) engine_.submit_cancel(*this, UringEngine::sending);
    out_.cancel = false;
    if (in_.operation && receiving_ == Receiving::nothing && !accepts_no_more_) prepare_receive();
}

void UringChannel::prepare_receive() {
    auto& entry = engine_.submission();
    if (listens_) {
        receiving_ = Receiving::multishot;
        io_uring_prep_multishot_accept(&entry, descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    } else if (bulk_) {
        receiving_ = Receiving::direct;
        auto const& part = in_.buffers.parts[0];
        io_uring_prep_recv(&entry, descriptor_, part.iov_base, part.iov_len, 0);
    } else {
        receiving_ = Receiving::multishot;
        io_uring_prep_recv_multishot(&entry, descriptor_, nullptr, 0, 0);
        entry.flags |= IOSQE_BUFFER_SELECT;
        entry.buf_group = 0;
    }
    entry.user_data = UringEngine::user_data(this, UringEngine::receiving);
}

void UringChannel::prepare_send() {
    constexpr int flags = MSG_NOSIGNAL | MSG_WAITALL;
    if (sending_ == Sending::nothing || submitted_) return;
    if (sending_ == Sending::copied) {
        auto& entry = engine_.uncounted_submission();
        io_uring_prep_send(&entry, descriptor_, copied_, copied_bytes_, flags | MSG_DONTWAIT);
        entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
        entry.user_data = UringEngine::user_data(this, UringEngine::sending);
        engine_.mark_sent(*this);
        return;
    }
    auto& entry = engine_.submission();
    if (sending_ == Sending::rest) {
        io_uring_prep_send(&entry, descriptor_, rest_.data() + rest_begin_,
                           rest_.size() - rest_begin_, flags);
    } else if (sending_ == Sending::direct) {
        message_ = std::make_unique<msghdr>();
        message_->msg_iov = out_.buffers.parts.data();
        message_->msg_iovlen = out_.buffers.count;
        // What the socket takes at once: the writer is to hear that its reader reads.
        io_uring_prep_sendmsg(&entry, descriptor_, message_.get(), MSG_NOSIGNAL);
    } else {
        io_uring_prep_connect(&entry, descriptor_, address_->data(),
                              static_cast<socklen_t>(address_->size()));
    }
    entry.user_data = UringEngine::user_data(this, UringEngine::sending);
    submitted_ = true;
}

// Ending.

void UringChannel::cancel() noexcept {
    if (in_.operation) cancel(*in_.operation);
    if (out_.operation) cancel(*out_.operation);
}

void UringChannel::cancel(Operation& operation) noexcept {
    bool const receives = in_.operation == &operation;
    auto& side = receives ? in_ : out_;
    bool const in_flight = receives
                               ? receiving_ == Receiving::direct
                               : sending_ == Sending::direct || sending_ == Sending::connecting;
    if (in_flight && !receives && !submitted_) sending_ = Sending::nothing;
    if (!in_flight || (!receives && !submitted_)) {
        end(side, asio::error::operation_aborted);
        return;
    }
    // The kernel uses its buffers: it ends with its completion.
    if (std::exchange(side.cancelled, true)) return;
    side.cancel = true;
    mark();
}

void UringChannel::release() noexcept {
    released_ = true;
    cancel();
    for (auto const& one : pieces_) engine_.ring.give_back(one.buffer);
    pieces_.clear();
    stash_ = {};
    stash_begin_ = 0;
    for (int const descriptor : accepted_) ::close(descriptor);
    accepted_.clear();
    in_.cancel = true;
    if (destroy_if_done()) return;
    close_by_ = std::chrono::steady_clock::now() + closing_time_max;
    mark();
    engine_.mark_closing(*this);
    engine_.hurry();
}

bool UringChannel::destroy_if_done() noexcept {
    if (!released_ || receiving_ != Receiving::nothing || sending_ != Sending::nothing)
        return false;
    ::close(descriptor_);
    delete this;
    return true;
}

void UringChannel::give_up() noexcept {
    close_by_ = TimePoint::min();
    out_.cancel = true;
    mark();
}

void UringChannel::abandon() noexcept {
    receiving_ = Receiving::nothing;
    sending_ = Sending::nothing;
    if (in_.operation) end(in_, asio::error::operation_aborted);
    if (out_.operation) end(out_, asio::error::operation_aborted);
    destroy_if_done();
}

}  // namespace grover::net
