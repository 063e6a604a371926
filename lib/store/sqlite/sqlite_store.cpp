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
        co_return co_await net::run_blocking(searching_, [this, &search] {
            return read([&](sqlite::Reader& r) {
                return r.within(search_time_, [&] { return r.search(search); });
            });
        });
    }

    Task<std::expected<void, Rejected>> commit(Batch batch) override {
        auto prepared = std::make_unique<sqlite::PreparedBatch const>(layout_, std::move(batch));
        if (prepared->empty()) co_return std::expected<void, Rejected>();
        auto executor = co_await net::this_executor();
        co_return co_await asio::async_initiate<asio::use_awaitable_t<net::Executor> const,
                                                void(std::exception_ptr,
                                                     std::expected<void, Rejected>)>(
            [this, executor, &prepared](auto handler) {
                submit(std::move(prepared), executor, std::move(handler));
            },
            net::use_task);
    }

    Task<Health> health() override {
        Health out;
        try {
            read([](sqlite::Reader& r) {
                r.probe();
                return true;
            });
            out = {true, writer_->trouble()};
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
            if (failure.is_interrupted())
                throw Error(ErrorCode::gateway_timeout, "the search took too long");
            unavailable();
        }
    }

    /// Answers through `executor`.
    template <class Handler>
    void submit(std::unique_ptr<sqlite::PreparedBatch const> batch, net::Executor executor,
                Handler handler) {
        sqlite::Writer::Answer answer = [executor, handler = std::move(handler)](
                                            std::exception_ptr failure,
                                            std::expected<void, Rejected> result) mutable {
            asio::post(executor, [handler = std::move(handler), failure, result]() mutable {
                handler(failure, result);
            });
        };
        if (writer_->submit(std::move(batch), answer)) return;
        answer(std::make_exception_ptr(Error(ErrorCode::unavailable, "too many writes are waiting")
                                           .with_retry_after(std::chrono::seconds(1))),
               {});
    }

    sqlite::FileLock lock_;
    sqlite::Layout layout_;
    sqlite::ReaderPool readers_;
    sqlite::Checkpointer checkpointer_;
    std::unique_ptr<sqlite::Writer> writer_;
    std::chrono::milliseconds search_time_;
    asio::thread_pool searching_{1};
};

}  // namespace

std::unique_ptr<DocumentStore> open_sqlite(SqliteOptions options) {
    return std::make_unique<SqliteStore>(std::move(options));
}

}  // namespace grover::store
