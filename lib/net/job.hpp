// What a loop's thread has to do: a node of one queue at a time, so that queueing allocates
// nothing.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/recycling_allocator.hpp>

#include "net/deadline.hpp"

namespace grover::net {

/// Runs once or is dropped unrun; frees itself either way. Runs under the deadline that it was made
/// under.
class Job {
public:
    Job(Job const&) = delete;
    Job& operator=(Job const&) = delete;

    void run() {
        detail::current_deadline = deadline_;
        end_(*this, End::run);
    }
    /// For the end of a loop: what the job holds is destroyed, nobody is told.
    void drop() { end_(*this, End::drop); }

protected:
    enum class End { run, drop };
    using Ender = void (*)(Job&, End);

    explicit Job(Ender end) noexcept : end_(end) {}
    ~Job() = default;

private:
    friend class JobQueue;

    Ender end_;
    Job* next_ = nullptr;
    std::chrono::steady_clock::time_point deadline_ = deadline();
};

/// First in, first out. Does not own: who destroys a queue has emptied it.
class JobQueue {
public:
    JobQueue() = default;
    JobQueue(JobQueue&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)),
          last_(std::exchange(other.last_, nullptr)) {}
    JobQueue& operator=(JobQueue&&) = delete;

    bool empty() const noexcept { return !first_; }
    void push(Job& job) noexcept {
        job.next_ = nullptr;
        (last_ ? last_->next_ : first_) = &job;
        last_ = &job;
    }
    /// Not on an empty one.
    Job& pop() noexcept {
        Job& out = *first_;
        first_ = out.next_;
        if (!first_) last_ = nullptr;
        return out;
    }
    /// All of `other` behind what is here.
    void append(JobQueue&& other) noexcept {
        if (other.empty()) return;
        (last_ ? last_->next_ : first_) = other.first_;
        last_ = other.last_;
        other.first_ = other.last_ = nullptr;
    }

private:
    Job* first_ = nullptr;
    Job* last_ = nullptr;
};

/// Allocates through Asio's cache of this thread.
template <class Node, class... Arguments>
Node& make_node(Arguments&&... arguments) {
    boost::asio::recycling_allocator<Node> allocator;
    Node* const place = allocator.allocate(1);
    return *std::construct_at(place, std::forward<Arguments>(arguments)...);
}
template <class Node>
void free_node(Node& node) noexcept {
    std::destroy_at(&node);
    boost::asio::recycling_allocator<Node>().deallocate(&node, 1);
}

/// A function as a job.
template <class Function>
class FunctionJob final : public Job {
public:
    explicit FunctionJob(Function&& function) : Job(end), function_(std::move(function)) {}

private:
    static void end(Job& job, End how) {
        auto& self = static_cast<FunctionJob&>(job);
        // Out of the node first: the function may need its memory for the next one.
        Function function(std::move(self.function_));
        free_node(self);
        if (how == End::run) std::move(function)();
    }

    Function function_;
};

}  // namespace grover::net
