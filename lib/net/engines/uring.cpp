#include "net/engines/uring.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "net/loop.hpp"

namespace grover::net {
namespace {

constexpr int last_turns_max = 200;  // of 10 ms: the kernel ends what is cancelled at once

}  // namespace

UringEngine::UringEngine(Loop& its_loop) : loop(its_loop), waker_(::eventfd(0, EFD_CLOEXEC)) {
    if (waker_ < 0) throw std::system_error(errno, std::system_category(), "an event loop");
}

UringEngine::~UringEngine() {
    ::close(waker_);
}

void UringEngine::begin() {
    ring.enable();
    state_ = State::running;
    wait_for_wake();
}

int UringEngine::open_socket(int family) noexcept {
    return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

ChannelPtr UringEngine::adopt(int descriptor) {
    auto* const channel = new UringChannel(*this, descriptor);
    all_.push_back(*channel);
    return ChannelPtr(channel);
}

void UringEngine::turn(std::chrono::nanoseconds patience) {
    using namespace std::chrono_literals;
    prepare();
    ring.enter(std::exchange(hurry_, false) ? 0ns : patience);
    collect();
}

void UringEngine::prepare() {
    for (auto one = holding_.begin(); one != holding_.end();) {
        auto& channel = *one++;
        channel.put_aside();
    }
    ring.advance_buffers();
    while (!dirty_.empty()) {
        auto& channel = dirty_.front();
        dirty_.pop_front();
        channel.prepare();
    }
}

void UringEngine::collect() {
    ring.reap([this](io_uring_cqe const& completion) { dispatch(completion); });
    settle();
    for (auto one = holding_.begin(); one != holding_.end();) {
        auto& channel = *one++;
        channel.deliver();
    }
    if (!closing_.empty()) close_late_ones();
}

/// What was copied has been sent, or is with its channel.
void UringEngine::settle() {
    List<SentTag> sent;
    sent.swap(sent_);
    for (auto& channel : sent) channel.settle();
    arena.clear();
    while (!sent.empty()) {
        auto& channel = sent.front();
        sent.pop_front();
        channel.go_on();
    }
}

void UringEngine::dispatch(io_uring_cqe const& completion) {
    auto const tag = completion.user_data & 3;
    auto* const channel = reinterpret_cast<UringChannel*>(completion.user_data & ~std::uint64_t(3));
    switch (tag) {
        case receiving:
            channel->on_received(completion);
            break;
        case sending:
            channel->on_sent(completion);
            break;
        case waking:
            completed();
            wait_for_wake();
            break;
        default:
            break;  // a cancellation that found nothing left to cancel
    }
}

void UringEngine::close_late_ones() {
    auto const now = std::chrono::steady_clock::now();
    for (auto one = closing_.begin(); one != closing_.end();) {
        auto& channel = *one++;
        if (channel.destroy_if_done() || now < channel.close_by()) continue;
        channel.give_up();
    }
}

void UringEngine::wait_for_wake() {
    if (state_ != State::running) return;
    auto& entry = submission();
    io_uring_prep_read(&entry, waker_, &wakes_, sizeof wakes_, 0);
    entry.user_data = waking;
}

void UringEngine::wake() noexcept {
    std::uint64_t const one = 1;
    static_cast<void>(::write(waker_, &one, sizeof one));
}

void UringEngine::abort_all() noexcept {
    using namespace std::chrono_literals;
    if (state_ == State::running) {
        prepare();
        ring.enter(0ns);  // the last answers
        collect();
        state_ = State::ended;
        for (auto& channel : all_) channel.cancel();
        for (auto& channel : closing_) channel.give_up();
        dirty_.clear();
        auto& entry = ring.entry();
        io_uring_prep_cancel64(&entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
        entry.user_data = ignored;
        for (int turn = 0; in_flight_ > 0 && turn < last_turns_max; ++turn) {
            ring.enter(10ms);
            collect();
        }
    }
    state_ = State::ended;
    dirty_.clear();
    for (auto one = all_.begin(); one != all_.end();) {
        auto& channel = *one++;
        channel.abandon();
    }
}

void UringEngine::mark(UringChannel& channel) noexcept {
    if (alive() && !channel.UringHook<DirtyTag>::is_linked()) dirty_.push_back(channel);
}
void UringEngine::mark_holding(UringChannel& channel) noexcept {
    if (!channel.UringHook<HoldingTag>::is_linked()) holding_.push_back(channel);
}
void UringEngine::unmark_holding(UringChannel& channel) noexcept {
    channel.UringHook<HoldingTag>::unlink();
}
void UringEngine::mark_sent(UringChannel& channel) noexcept {
    if (!channel.UringHook<SentTag>::is_linked()) sent_.push_back(channel);
}
void UringEngine::mark_closing(UringChannel& channel) noexcept {
    closing_.push_back(channel);
}

void UringEngine::submit_cancel(UringChannel& channel, Tag tag) noexcept {
    auto& entry = ring.entry();
    io_uring_prep_cancel64(&entry, user_data(&channel, tag), 0);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry.user_data = ignored;
}

std::unique_ptr<Engine> make_uring_engine(Loop& loop) {
    return std::make_unique<UringEngine>(loop);
}

}  // namespace grover::net
