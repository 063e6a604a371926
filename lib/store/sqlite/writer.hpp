// The writer: one thread, one connection, one commit for all batches that have queued up since the
// last one. A batch that is rejected leaves the others of its group intact; when the commit itself
// fails, nothing of the group is applied and all its batches fail.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "store/sqlite/change.hpp"

namespace grover::store::sqlite {

class Writer {
public:
    struct Options {
        Clock clock;
        std::chrono::milliseconds expiry_period;
        /// Called on the writer's thread after a commit with the size of the log in pages.
        std::function<void(int)> after_commit;
    };

    Writer(std::filesystem::path const& file, Layout const& layout, Options options);
    /// Commits what is queued, answers it and ends the thread.
    ~Writer();
    Writer(Writer const&) = delete;
    Writer& operator=(Writer const&) = delete;

    /// Called once, on the writer's thread: `failure` is Error (unavailable) or what the batch
    /// threw.
    using Answer =
        std::move_only_function<void(std::exception_ptr failure, std::expected<void, Rejected>)>;
    /// False, without calling `answer` ever, when limits::write_queue_max batches wait already.
    bool submit(std::unique_ptr<PreparedBatch const> batch, Answer answer);

    /// Commits so far: readers compare it with the number their snapshot was taken at.
    std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_acquire); }

    /// Keeps the writer between two groups while the guard lives.
    class Pause {
    public:
        explicit Pause(Writer& writer);
        ~Pause();
        Pause(Pause const&) = delete;
        Pause& operator=(Pause const&) = delete;

    private:
        Writer& writer_;
    };

    /// Why the last group could not be committed; empty when it could.
    std::string trouble() const;

private:
    struct Pending {
        std::unique_ptr<PreparedBatch const> batch;
        Answer answer;
        std::exception_ptr failure;
        std::expected<void, Rejected> result;
    };
    using Group = std::vector<Pending>;

    void run();
    bool take(Group& group);
    void process(Group& group);
    void commit(Group& group);
    void apply(Pending& pending);
    void remove_expired_step();
    void report(std::string trouble);
    void try_to_write();

    Connection connection_;
    Layout const& layout_;
    Options options_;
    std::atomic<std::uint64_t> commits_ = 0;

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::deque<Pending> queue_;
    bool stopping_ = false;
    bool busy_ = false;
    int pauses_ = 0;
    std::string trouble_;
    bool in_trouble_ = false;  // the thread's own

    std::chrono::steady_clock::time_point next_expiry_;  // the thread's own
    std::thread thread_;
};

}  // namespace grover::store::sqlite
