#include "store/sqlite/sqlite_store.hpp"

#include "base/error.hpp"
#include "net/async.hpp"
#include "store/sqlite/checkpointer.hpp"
#include "store/sqlite/migration.hpp"
#include "store/sqlite/reader.hpp"
#include "store/sqlite/writer.hpp"

namespace grover::store {

namespace {

namespace asio = boost::asio;
using sqlite::Failure;

[[noreturn]] void unavailable() {
    throw Error(ErrorCode::unavailable, "the data store is not available at the moment")
        .with_retry_after(std::chrono::seconds(1));
}

[[noreturn]] void too_long() {
    throw Error(ErrorCode::gateway_timeout, "the search took too long");
}

class SqliteStore final : public DocumentStore {
public:
    explicit SqliteStore(SqliteOptions options)
        : lock_(options.file),
          layout_(options.schema),
          readers_((sqlite::migrate(options.file, layout_), options.file), layout_),
          checkpointer_(options.file, readers_),
          writer_(std::make_unique<sqlite::Writer>(
              options.file, layout_,
              sqlite::Writer::Options{options.clock, options.expiry_period,
                                      [this](int pages) { checkpointer_.log_grew(pages); }})),
          search_time_(options.search_time) {
        checkpointer_.start(*writer_);
    }
    ~SqliteStore() override {
        searching_.join();
        checkpointer_.stop();
        writer_.reset();
        readers_.end_idle_snapshots();
        checkpointer_.truncate();
    }

    Task<std::optional<Document>> get(std::string_view collection, std::string_view id) override {
        co_return read([&](sqlite::Reader& r) { return r.get(collection, id); });
    }
    Task<std::vector<std::optional<Document>>> get_many(
        std::string_view collection, std::vector<std::string> const& ids) override {
        co_return read([&](sqlite::Reader& r) { return r.get_many(collection, ids); });
    }
    Task<std::vector<Document>> find(Query query) override {
        co_return read([&](sqlite::Reader& r) { return r.find(query); });
    }
    Task<std::int64_t> count(std::string_view collection, Filter filter) override {
        co_return read([&](sqlite::Reader& r) { return r.count(collection, filter); });
    }
    Task<std::vector<Document>> search(Search search) override {
        // Ranking looks at every match: with a common word too long for an event loop.
        auto const until = net::deadline();
        if (std::chrono::steady_clock::now() >= until) too_long();
        std::string collection(search.collection);
        auto found = co_await net::run_blocking(
            searching_, until,
            [this, until, search = std::move(search),
             collection = std::move(collection)]() mutable {
                search.collection = collection;
                auto const limit = std::chrono::steady_clock::now() + search_time_;
                return read([&](sqlite::Reader& r) {
                    return r.within(std::min(until, limit), [&] { return r.search(search); });
                });
            });
        if (!found) too_long();
        co_return *std::move(found);
    }

    Task<std::expected<void, Rejected>> commit(Batch batch) override {
        auto prepared = std::make_unique<sqlite::PreparedBatch const>(layout_, std::move(batch));
        if (prepared->empty()) co_return std::expected<void, Rejected>();
        using Answer = net::Handover<std::expected<void, Rejected>>;
        auto const answer = std::make_shared<Answer>(co_await net::this_executor());
        if (!writer_->submit(std::move(prepared), [answer](std::exception_ptr failure,
                                                           std::expected<void, Rejected> result) {
                failure ? answer->fail(failure) : answer->finish(result);
            }))
            throw Error(ErrorCode::unavailable, "too many writes are waiting")
                .with_retry_after(std::chrono::seconds(1));
        // However late: what is queued will be written, and whoever asked is to know.
        co_await answer->wait(std::chrono::steady_clock::time_point::max());
        co_return answer->take();
    }

    Task<Health> health() override {
        Health out;
        try {
            read([](sqlite::Reader& r) {
                r.probe();
                return true;
            });
            auto trouble = writer_->trouble();
            if (trouble.empty()) trouble = damage();
            bool const sound = trouble.empty();
            out = {true, std::move(trouble), sound};
        } catch (Error const&) {
            out = {false, "the file cannot be read"};
        }
        co_return out;
    }
    std::string_view engine() const noexcept override { return "sqlite"; }

private:
    template <class Work>
    std::invoke_result_t<Work&, sqlite::Reader&> read(Work work) {
        sqlite::ReaderPool::Lease reader(readers_);
        try {
            reader->refresh(writer_->commits());
            return work(*reader);
        } catch (Failure const& failure) {
            reader.discard();
            if (failure.is_interrupted()) too_long();
            if (failure.is_damage()) remember_damage(failure);
            unavailable();
        }
    }

    /// Until the next start: what is damaged does not heal.
    void remember_damage(Failure const& failure) {
        std::lock_guard const lock(damage_mutex_);
        if (damage_.empty()) damage_ = std::string("a read failed: ") + failure.what();
    }
    std::string damage() const {
        std::lock_guard const lock(damage_mutex_);
        return damage_;
    }

    sqlite::FileLock lock_;
    sqlite::Layout layout_;
    sqlite::ReaderPool readers_;
    sqlite::Checkpointer checkpointer_;
    std::unique_ptr<sqlite::Writer> writer_;
    std::chrono::milliseconds search_time_;
    mutable std::mutex damage_mutex_;
    std::string damage_;
    asio::thread_pool searching_{1};
};

}  // namespace

std::unique_ptr<DocumentStore> open_sqlite(SqliteOptions options) {
    return std::make_unique<SqliteStore>(std::move(options));
}

}  // namespace grover::store
