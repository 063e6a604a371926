// The bytes that have come in on a connection and were not used yet: one block, reused for every
// message, larger only while a large head needs it.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

#include <boost/asio/buffer.hpp>

namespace grover::http {

class InputBuffer {
public:
    static constexpr std::size_t usual_bytes = 16 << 10;

    std::string_view unread() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
    bool empty() const noexcept { return begin_ == end_; }

    /// Ends the life of views into the first `count` unread bytes.
    void consume(std::size_t count) noexcept {
        begin_ += count;
        if (begin_ == end_) begin_ = end_ = 0;
    }

    /// Room to read into. Moves what is unread: views end.
    boost::asio::mutable_buffer space() {
        if (!data_) allocate(usual_bytes);
        if (capacity_ - end_ < space_bytes_min && begin_ > 0) move_to(data_.get());
        if (capacity_ - end_ < space_bytes_min) allocate(2 * capacity_);
        return {data_.get() + end_, capacity_ - end_};
    }
    void commit(std::size_t count) noexcept { end_ += count; }

    /// Copies `bytes` behind what is unread.
    void append(std::string_view bytes) {
        while (!bytes.empty()) {
            auto const room = space();
            auto const count = std::min(room.size(), bytes.size());
            std::memcpy(room.data(), bytes.data(), count);
            commit(count);
            bytes.remove_prefix(count);
        }
    }

    /// Gives back a block that has grown. Only while empty.
    void shrink() noexcept {
        if (capacity_ <= usual_bytes) return;
        data_.reset();
        capacity_ = 0;
    }

private:
    static constexpr std::size_t space_bytes_min = 2 << 10;

    void move_to(char* to) noexcept {
        std::memmove(to, data_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    void allocate(std::size_t capacity) {
        auto fresh = std::make_unique_for_overwrite<char[]>(capacity);
        if (data_) move_to(fresh.get());
        data_ = std::move(fresh);
        capacity_ = capacity;
    }

    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace grover::http
