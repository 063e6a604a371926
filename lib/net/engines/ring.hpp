// liburing's ring with what the engine needs of it: the buffers that the kernel receives into, and
// the memory that small sends are copied to until they have been submitted. Internal to
// engines/uring.cpp.
#pragma once

#include <liburing.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grover::net {

/// Not copied, not moved: the kernel knows its address.
class Ring {
public:
    static constexpr unsigned submissions = 1024;
    static constexpr unsigned completions = 8192;
    // All connections of a loop share these: 2 MiB at most, touched only when data comes.
    static constexpr unsigned buffers = 128;
    static constexpr std::size_t buffer_bytes = 16 << 10;

    /// Asleep until enable(). Throws std::system_error.
    Ring();
    ~Ring();
    Ring(Ring const&) = delete;
    Ring& operator=(Ring const&) = delete;

    /// On the thread that will use it: no other may submit from then on.
    void enable();

    /// A free entry; submits what is there when there is none.
    io_uring_sqe& entry();
    /// Submits all, waits for one completion until `patience` is over (not at all when it is zero).
    void enter(std::chrono::nanoseconds patience) noexcept;
    /// Calls `function(io_uring_cqe const&)` for all that has been completed.
    template <class Function>
    void reap(Function function) noexcept {
        unsigned head = 0;
        unsigned count = 0;
        io_uring_cqe* one = nullptr;
        io_uring_for_each_cqe(&ring_, head, one) {
            ++count;
            function(*one);
        }
        io_uring_cq_advance(&ring_, count);
    }

    char const* buffer(unsigned id) const noexcept { return memory_ + id * buffer_bytes; }
    /// Back to the kernel, at the next advance_buffers().
    void give_back(unsigned id) noexcept {
        io_uring_buf_ring_add(buffer_ring_, memory_ + id * buffer_bytes, buffer_bytes,
                              static_cast<unsigned short>(id), io_uring_buf_ring_mask(buffers),
                              given_back_++);
    }
    void advance_buffers() noexcept {
        if (given_back_ == 0) return;
        io_uring_buf_ring_advance(buffer_ring_, given_back_);
        given_back_ = 0;
    }

private:
    io_uring ring_{};
    io_uring_buf_ring* buffer_ring_ = nullptr;
    char* memory_ = nullptr;
    int given_back_ = 0;
};

/// Empty when io_uring works here as the engine needs it, else why not. Asks the kernel.
std::string uring_obstacle();

/// Memory that is given out from the front and taken back all at once.
class Arena {
public:
    static constexpr std::size_t bytes_max = 256 << 10;

    Arena();
    ~Arena();
    Arena(Arena const&) = delete;
    Arena& operator=(Arena const&) = delete;

    std::size_t room() const noexcept { return bytes_max - used_; }
    char* end() const noexcept { return memory_ + used_; }
    void take(std::size_t bytes) noexcept { used_ += bytes; }
    void clear() noexcept { used_ = 0; }

private:
    char* memory_;
    std::size_t used_ = 0;
};

}  // namespace grover::net
