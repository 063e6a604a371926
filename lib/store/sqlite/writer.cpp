#include "store/sqlite/writer.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>
#include <sqlite3.h>

#include "base/error.hpp"
#include "base/limits.hpp"

namespace grover::store::sqlite {

namespace {

constexpr std::size_t expired_per_step = 100;

std::exception_ptr unavailable() {
    return std::make_exception_ptr(
        Error(ErrorCode::unavailable, "the data store cannot write at the moment")
            .with_retry_after(std::chrono::seconds(1)));
}

}  // namespace

Writer::Writer(std::filesystem::path const& file, Layout const& layout, Options options)
    : connection_(file, Connection::Mode::write), layout_(layout), options_(std::move(options)) {
    connection_.execute(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -32768; "
        "PRAGMA mmap_size = 1073741824; PRAGMA temp_store = MEMORY;");
    sqlite3_wal_hook(
        connection_.handle(),
        [](void* self, sqlite3*, char const*, int pages) {
            static_cast<Writer*>(self)->options_.after_commit(pages);
            return SQLITE_OK;
        },
        this);
    thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
    {
        std::scoped_lock const lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

bool Writer::submit(std::unique_ptr<PreparedBatch const> batch, Answer answer) {
    {
        std::scoped_lock const lock(mutex_);
        if (queue_.size() >= limits::write_queue_max) return false;
        queue_.push_back({std::move(batch), std::move(answer), nullptr, {}});
    }
    changed_.notify_all();
    return true;
}

Writer::Pause::Pause(Writer& writer) : writer_(writer) {
    std::unique_lock lock(writer_.mutex_);
    ++writer_.pauses_;
    writer_.changed_.wait(lock, [&] { return !writer_.busy_; });
}

Writer::Pause::~Pause() {
    {
        std::scoped_lock const lock(writer_.mutex_);
        --writer_.pauses_;
    }
    writer_.changed_.notify_all();
}

std::string Writer::trouble() const {
    std::scoped_lock const lock(mutex_);
    return trouble_;
}

void Writer::report(std::string trouble) {
    std::scoped_lock const lock(mutex_);
    in_trouble_ = !trouble.empty();
    trouble_ = std::move(trouble);
}

void Writer::run() {
    next_expiry_ = std::chrono::steady_clock::now();
    Group group;
    while (take(group)) {
        process(group);
        for (auto& pending : group) pending.answer(pending.failure, pending.result);
        group.clear();
    }
}

/// Waits for work; false when there is none and none will come. An empty group: time to look for
/// expired documents.
bool Writer::take(Group& group) {
    std::unique_lock lock(mutex_);
    busy_ = false;
    changed_.notify_all();
    changed_.wait_until(lock, next_expiry_,
                        [&] { return pauses_ == 0 && (stopping_ || !queue_.empty()); });
    changed_.wait(lock, [&] { return pauses_ == 0; });
    if (queue_.empty() && stopping_) return false;
    busy_ = true;
    auto const count = std::min(queue_.size(), limits::group_commit_batches_max);
    auto const end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
    std::move(queue_.begin(), end, std::back_inserter(group));
    queue_.erase(queue_.begin(), end);
    return true;
}

void Writer::process(Group& group) {
    try {
        Run(connection_.prepared("BEGIN IMMEDIATE"))->step();
        if (in_trouble_) try_to_write();
        commit(group);
        report({});
    } catch (Failure const& failure) {
        report(failure.what());
        next_expiry_ = std::chrono::steady_clock::now() + options_.expiry_period;
        // Nothing of this group is there, not even what rejected others of it.
        for (auto& pending : group) pending.failure = unavailable();
        if (sqlite3_get_autocommit(connection_.handle()) == 0)
            sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

/// An empty group, or one of reads, would go through on a full disk too.
void Writer::try_to_write() {
    connection_.execute(fmt::format("PRAGMA user_version = {}", format_version));
}

void Writer::commit(Group& group) {
    for (auto& pending : group) apply(pending);
    remove_expired_step();
    Run(connection_.prepared("COMMIT"))->step();
    commits_.fetch_add(1, std::memory_order_release);
}

void Writer::apply(Pending& pending) {
    Run(connection_.prepared("SAVEPOINT batch"))->step();
    try {
        if (auto const rejected = pending.batch->apply(connection_))
            pending.result = std::unexpected(*rejected);
    } catch (Failure const&) {
        throw;
    } catch (...) {
        pending.failure = std::current_exception();
    }
    if (!pending.result || pending.failure) Run(connection_.prepared("ROLLBACK TO batch"))->step();
    Run(connection_.prepared("RELEASE batch"))->step();
}

void Writer::remove_expired_step() {
    auto const now = std::chrono::steady_clock::now();
    if (now < next_expiry_) return;
    next_expiry_ = now + options_.expiry_period;
    for (auto const& collection : layout_.collections())
        if (collection.expires() && remove_expired(connection_, collection, options_.clock(),
                                                   expired_per_step) == expired_per_step)
            next_expiry_ = now;  // There is more: go on after the batches that wait.
}

}  // namespace grover::store::sqlite
