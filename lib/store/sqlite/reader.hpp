// Reads, on a connection of their own.
//
// A reader keeps its snapshot of the file open between reads: entering one costs four lock system
// calls, as much as three reads. It enters a new one when something was committed since, so what a
// commit has answered is seen by every read that starts afterwards. While the checkpointer works it
// takes idle snapshots away, because an old one keeps the log from being emptied.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>

#include "store/document_store.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/layout.hpp"

namespace grover::store::sqlite {

/// Throws Failure for trouble with the file, std::logic_error for a query that makes no sense.
class Reader {
public:
    Reader(std::filesystem::path const& file, Layout const& layout);

    /// Makes what was committed before the call visible; `commits` counts the commits so far.
    void refresh(std::uint64_t commits);
    void end_snapshot();

    std::optional<Document> get(std::string_view collection, std::string_view id);
    std::vector<std::optional<Document>> get_many(std::string_view collection,
                                                  std::vector<std::string> const& ids);
    std::vector<Document> find(Query const& query);
    std::int64_t count(std::string_view collection, Filter const& filter);
    std::vector<Document> search(Search const& search);
    /// Runs `work`, which fails (Failure::is_interrupted) when it still runs at `until`.
    template <class Work>
    auto within(std::chrono::steady_clock::time_point until, Work work) {
        struct Limit {
            Connection& connection;
            ~Limit() { connection.interrupt_at(std::chrono::steady_clock::time_point::max()); }
        } const limit{connection_};
        connection_.interrupt_at(until);
        return work();
    }
    /// Reads a page of the file.
    void probe();

private:
    std::vector<Document> load(CollectionLayout const& collection,
                               std::vector<std::int64_t> const& refs);

    Layout const& layout_;
    Connection connection_;
    bool in_snapshot_ = false;
    std::uint64_t snapshot_ = 0;
};

/// Readers, taken for the time of one read: each thread finds its own again, without a lock.
class ReaderPool {
public:
    ReaderPool(std::filesystem::path file, Layout const& layout);
    ~ReaderPool();

    /// Ends the snapshots of readers that nobody uses at the moment.
    void end_idle_snapshots();

    class Lease {
    public:
        explicit Lease(ReaderPool& pool) : pool_(pool), reader_(pool.take()) {}
        ~Lease() {
            if (reader_) pool_.give(std::move(reader_));
        }
        Lease(Lease const&) = delete;
        Lease& operator=(Lease const&) = delete;
        Reader* operator->() noexcept { return reader_.get(); }
        Reader& operator*() noexcept { return *reader_; }
        /// After trouble with the file: the next read starts with a fresh connection.
        void discard() { reader_.reset(); }

    private:
        ReaderPool& pool_;
        std::unique_ptr<Reader> reader_;
    };

private:
    std::unique_ptr<Reader> take();
    void give(std::unique_ptr<Reader> reader) noexcept;

    static constexpr std::size_t slots_count = 64;
    struct alignas(64) Slot {
        std::atomic<Reader*> reader = nullptr;
    };

    std::filesystem::path file_;
    Layout const& layout_;
    std::array<Slot, slots_count> slots_;
};

}  // namespace grover::store::sqlite
