#include "store/sqlite/reader.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "store/sqlite/document.hpp"
#include "store/sqlite/scan.hpp"

namespace grover::store::sqlite {

namespace {

/// Position of the calling thread among all threads that ever read.
std::size_t thread_number() {
    static std::atomic<std::size_t> threads = 0;
    thread_local std::size_t const number = threads.fetch_add(1);
    return number;
}

}  // namespace

Reader::Reader(std::filesystem::path const& file, Layout const& layout)
    : layout_(layout), connection_(file, Connection::Mode::read) {
    // Pages of the file are read where the kernel has them; the cache is for those still in the
    // log.
    connection_.execute("PRAGMA mmap_size = 1073741824; PRAGMA cache_size = -4096;");
}

void Reader::refresh(std::uint64_t commits) {
    if (in_snapshot_ && snapshot_ == commits) return;
    end_snapshot();
    Run(connection_.prepared("BEGIN"))->step();
    in_snapshot_ = true;
    snapshot_ = commits;
}

void Reader::end_snapshot() {
    if (!in_snapshot_) return;
    Run(connection_.prepared("COMMIT"))->step();
    in_snapshot_ = false;
}

void Reader::probe() {
    Run(connection_.prepared("SELECT count(*) FROM \"$meta\""))->step();
}

namespace {

std::optional<Document> read_one(Statement& by_id, std::string_view id,
                                 json::storage_ptr const& block) {
    Run row(by_id, id);
    if (!row->step()) return {};
    return decode(id, row->integer(0), row->text(1), block);
}

}  // namespace

std::optional<Document> Reader::get(std::string_view collection, std::string_view id) {
    auto& by_id = connection_.prepared(layout_.collection(collection).sql.get);
    return read_one(by_id, id, block_for(1));
}

std::vector<std::optional<Document>> Reader::get_many(std::string_view collection,
                                                      std::vector<std::string> const& ids) {
    auto& by_id = connection_.prepared(layout_.collection(collection).sql.get);
    auto const block = block_for(ids.size());
    std::vector<std::optional<Document>> out;
    out.reserve(ids.size());
    for (auto const& id : ids) out.push_back(read_one(by_id, id, block));
    return out;
}

std::vector<Document> Reader::find(Query const& query) {
    check_page(query.limit, query.skip);
    auto const& collection = layout_.collection(query.collection);
    Plan const plan(collection, query, Plan::Purpose::find);
    return load(collection, find_refs(connection_, plan, query.skip, query.limit));
}

std::int64_t Reader::count(std::string_view collection, Filter const& filter) {
    Query const query{.collection = collection, .filter = filter};
    return count_matches(connection_,
                         Plan(layout_.collection(collection), query, Plan::Purpose::count));
}

std::vector<Document> Reader::load(CollectionLayout const& collection,
                                   std::vector<std::int64_t> const& refs) {
    std::vector<Document> out;
    out.reserve(refs.size());
    auto& statement = connection_.prepared(collection.sql.load);
    auto const block = block_for(refs.size());
    for (auto const ref : refs) {
        Run row(statement, ref);
        if (row->step()) out.push_back(decode(row->text(0), row->integer(1), row->text(2), block));
    }
    return out;
}

// ---- ReaderPool --------------------------------------------------------------------------------

ReaderPool::ReaderPool(std::filesystem::path file, Layout const& layout)
    : file_(std::move(file)), layout_(layout) {}

ReaderPool::~ReaderPool() {
    for (auto& slot : slots_) delete slot.reader.exchange(nullptr);
}

std::unique_ptr<Reader> ReaderPool::take() {
    auto& slot = slots_[thread_number() % slots_count];
    if (auto* reader = slot.reader.exchange(nullptr)) return std::unique_ptr<Reader>(reader);
    return std::make_unique<Reader>(file_, layout_);
}

void ReaderPool::give(std::unique_ptr<Reader> reader) noexcept {
    auto& slot = slots_[thread_number() % slots_count];
    // Someone else's, when more threads read than there are slots: the one that comes last stays.
    delete slot.reader.exchange(reader.release());
}

void ReaderPool::end_idle_snapshots() {
    for (auto& slot : slots_) {
        std::unique_ptr<Reader> reader(slot.reader.exchange(nullptr));
        if (!reader) continue;
        reader->end_snapshot();
        Reader* nobody = nullptr;
        // Its thread may have made another one meanwhile.
        if (slot.reader.compare_exchange_strong(nobody, reader.get())) (void)reader.release();
    }
}

}  // namespace grover::store::sqlite
