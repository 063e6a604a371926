#include "store/sqlite/checkpointer.hpp"

#include <sqlite3.h>

namespace grover::store::sqlite {

namespace {

constexpr int pages_to_move = 1'000;   // 4 MiB
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
    {
        std::scoped_lock const lock(mutex_);
        pages_ = pages;
    }
    if (pages >= pages_to_move) changed_.notify_all();
}

void Checkpointer::run(Writer& writer) {
    int moved = 0;  // pages of the log after the last turn
    while (true) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] {
                if (pages_ < moved) moved = 0;  // The log started again.
                return stopping_ || pages_ >= moved + pages_to_move;
            });
            if (stopping_) return;
            moved = pages_;
        }
        checkpoint(writer);
    }
}

void Checkpointer::checkpoint(Writer& writer) {
    if (move_pages() < pages_to_empty) return;
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
