#include "store/sqlite/checkpointer.hpp"

#include <sqlite3.h>

namespace grover::store::sqlite {

namespace {

constexpr int pages_to_move = 1'000;  // 4 MiB
constexpr auto quiet_time = std::chrono::milliseconds(250);
constexpr int pages_to_empty = 4'000;  // 16 MiB: from here on the writer waits until it is empty

}  // namespace

Checkpointer::Checkpointer(std::filesystem::path const& file, ReaderPool& readers)
    : connection_(file, Connection::Mode::write), readers_(readers) {
    connection_.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;");
}

Checkpointer::~Checkpointer() {
    stop();
}

void Checkpointer::start(Writer& writer) {
    thread_ = std::thread([this, &writer] { run(writer); });
}

void Checkpointer::stop() {
    {
        std::scoped_lock const lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Checkpointer::log_grew(int pages) {
    bool worth_waking = false;
    {
        std::scoped_lock const lock(mutex_);
        worth_waking = pages_ == moved_;
        pages_ = pages;
        worth_waking = worth_waking || much_waits();
    }
    if (worth_waking) changed_.notify_all();
}

bool Checkpointer::much_waits() const noexcept {
    auto const moved = pages_ < moved_ ? 0 : moved_;  // The log may have started again.
    return pages_ >= moved + pages_to_move;
}

void Checkpointer::run(Writer& writer) {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stopping_ || pages_ != moved_; });
        auto const enough = [&] { return stopping_ || much_waits(); };
        for (int seen = -1; !enough() && seen != pages_;) {
            seen = pages_;
            changed_.wait_for(lock, quiet_time, enough);
        }
        if (stopping_) return;
        moved_ = pages_;
        lock.unlock();
        checkpoint(writer);
        lock.lock();
    }
}

void Checkpointer::checkpoint(Writer& writer) {
    auto const pages = move_pages();
    // Reads that began meanwhile would go on asking the log until the next commit.
    readers_.end_idle_snapshots();
    if (pages < pages_to_empty) return;
    // Most is moved. The few pages of the commits meanwhile are moved while no commit runs, and the
    // next one finds an empty log, unless a read that began before is still running.
    Writer::Pause const pause(writer);
    move_pages();
    readers_.end_idle_snapshots();
}

int Checkpointer::move_pages() {
    readers_.end_idle_snapshots();
    int pages = 0;
    int moved = 0;
    sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages,
                              &moved);
    return pages;
}

void Checkpointer::truncate() {
    sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                              nullptr);
}

}  // namespace grover::store::sqlite
