// Moves committed pages from the log to the file, on a thread of its own: when there are many, and
// when no more have come for a while, because a read asks the log for every page that it touches as
// long as one page of it is not moved. Commits never wait for it, except for the moment in which a
// log that has grown large is emptied.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/sqlite/database.hpp"
#include "store/sqlite/reader.hpp"
#include "store/sqlite/writer.hpp"

namespace grover::store::sqlite {

class Checkpointer {
public:
    Checkpointer(std::filesystem::path const& file, ReaderPool& readers);
    ~Checkpointer();
    Checkpointer(Checkpointer const&) = delete;
    Checkpointer& operator=(Checkpointer const&) = delete;

    /// `writer` lives until stop().
    void start(Writer& writer);
    /// Ends the thread.
    void stop();
    /// The log has this many pages now. Called by the writer after each commit.
    void log_grew(int pages);
    /// Empties the log and its file, when nobody reads or writes any more.
    void truncate();

private:
    void run(Writer& writer);
    bool much_waits() const noexcept;
    void checkpoint(Writer& writer);
    /// Moves what no running read needs in the log; returns the pages in the log. Trouble with the
    /// disk is left to the writer, which meets it too: the log just stays.
    int move_pages();

    Connection connection_;
    ReaderPool& readers_;

    std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    int pages_ = 0;
    int moved_ = 0;  // pages of the log when they were last moved
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace grover::store::sqlite
