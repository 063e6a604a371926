#include "store/mongo/mongo_store.hpp"

#include <atomic>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/string_map.hpp"
#include "net/async.hpp"
#include "store/mongo/change.hpp"
#include "store/mongo/query.hpp"
#include "store/mongo/start.hpp"

namespace grover::store {

namespace {

namespace asio = boost::asio;
using namespace mongo;

class MongoStore final : public DocumentStore {
public:
    explicit MongoStore(MongoOptions const& options)
        : layout_(options.schema),
          pool_({options.url, options.database, options.connections + 1, options.operation_time}),
          operation_time_(options.operation_time),
          search_time_(options.search_time),
          hints_(options.hints),
          threads_(options.connections) {
        start(pool_, layout_, options.standalone ? Standalone::accept : Standalone::refuse);
    }
    ~MongoStore() override {
        threads_.join();
        health_.join();
    }

    Task<std::optional<Document>> get(std::string_view collection, std::string_view id) override {
        auto const& c = layout_.collection(collection);
        co_return co_await run(operation_time_, [&](Deadline deadline) {
            Bson filter;
            append(filter.raw(), "_id", id);
            auto found = find(c, filter, Bson(), Reads::latest, deadline);
            return found.empty() ? std::optional<Document>() : std::move(found.front());
        });
    }

    Task<std::vector<std::optional<Document>>> get_many(
        std::string_view collection, std::vector<std::string> const& ids) override {
        auto const& c = layout_.collection(collection);
        std::vector<std::optional<Document>> out(ids.size());
        if (ids.empty()) co_return out;
        auto const found = co_await run(operation_time_, [&](Deadline deadline) {
            Bson filter;
            append_document(filter.raw(), "_id", [&](bson_t* is) {
                append_array(is, "$in", [&](bson_t* array) {
                    ArrayKey keys;
                    for (auto const& id : ids) append(array, keys.next(), id);
                });
            });
            StringMap<Document> by_id;
            for (auto& document : find(c, filter, Bson(), Reads::latest, deadline))
                by_id.emplace(document.body.at("_id").as_string(), std::move(document));
            return by_id;
        });
        for (std::size_t i = 0; i < ids.size(); ++i)
            if (auto const at = found.find(ids[i]); at != found.end()) out[i] = at->second;
        co_return out;
    }

    Task<std::vector<Document>> find(Query query) override {
        check_page(query.limit, query.skip);
        auto const& c = layout_.collection(query.collection);
        Plan const plan(c, query, Plan::Purpose::find);
        Bson filter;
        Bson options;
        if (!append_find(filter.raw(), options.raw(), plan, query))
            co_return std::vector<Document>();
        if (hints_) append_hint(options.raw(), plan);
        co_return co_await run(operation_time_, [&](Deadline deadline) {
            return find(c, filter, options, query.may_lag ? Reads::lagging : Reads::latest,
                        deadline);
        });
    }

    Task<std::int64_t> count(std::string_view collection, Filter filter) override {
        auto const& c = layout_.collection(collection);
        Query const query{.collection = collection, .filter = std::move(filter)};
        Plan const plan(c, query, Plan::Purpose::count);
        if (plan.stream_count() == 0) co_return 0;
        co_return co_await run(operation_time_, [&](Deadline deadline) {
            Bson conditions;
            append_filter(conditions.raw(), query.filter);
            Connection connection(pool_);
            Bson options;
            connection.append_read(options.raw(), deadline);
            if (hints_) append_hint(options.raw(), plan);
            Connection::Reply reply;
            bson_destroy(&reply.bson);
            bson_error_t error{};
            auto const n =
                mongoc_collection_count_documents(connection.collection(c.name).get(), conditions,
                                                  options, nullptr, &reply.bson, &error);
            if (n < 0) throw Failure(error, &reply.bson);
            return n;
        });
    }

    Task<std::vector<Document>> search(Search search) override {
        auto const& c = layout_.collection(search.collection);
        check_search(c, search);
        auto const terms = search_terms(search);
        if (terms.empty()) co_return std::vector<Document>();
        Bson pipeline;
        append_search(pipeline.raw(), terms, search);
        co_return co_await run(search_time_, [&](Deadline deadline) {
            auto const reads = search.may_lag ? Reads::lagging : Reads::latest;
            Connection connection(pool_, reads);
            Bson options;
            connection.append_read(options.raw(), deadline);
            if (hints_) append(options.raw(), "hint", words_index);
            auto const collection = connection.collection(c.name);
            return documents_of(Cursor(mongoc_collection_aggregate(
                collection.get(), MONGOC_QUERY_NONE, pipeline, options, preference(reads))));
        });
    }

    Task<std::expected<void, Rejected>> commit(Batch batch) override {
        PreparedBatch const prepared(layout_, std::move(batch));
        if (prepared.empty()) co_return std::expected<void, Rejected>();
        co_return co_await run(operation_time_, [&](Deadline deadline) {
            return prepared.commit(pool_, lane_, deadline);
        });
    }

    Task<Health> health() override {
        if (pool_.has_lost_primary()) co_return Health{false, "there is no primary"};
        // One look at a time, whoever asks: a server that hangs holds up one thread. It is not
        // behind what waits for the others: a busy store is not a lost one.
        if (looking_.exchange(true)) {
            std::lock_guard const lock(health_mutex_);
            co_return last_health_;
        }
        co_return co_await net::run_blocking(health_, [this] {
            auto found = look();
            std::lock_guard const lock(health_mutex_);
            last_health_ = found;
            looking_ = false;
            return found;
        });
    }
    std::string_view engine() const noexcept override { return "mongodb"; }

private:
    using Reads = Connection::Reads;

    Health look() {
        try {
            Bson ping;
            append(ping.raw(), "ping", 1);
            Connection(pool_, Reads::lagging).command(ping, [](bson_t const*) {});
            return Health{true, {}};
        } catch (std::exception const& failure) {
            return Health{false, failure.what()};
        }
    }

    /// Runs `work(deadline)` on a thread of the store. `work` may refer to the caller's frame,
    /// which waits for it.
    template <class Work>
    Task<std::invoke_result_t<Work&, Deadline>> run(std::chrono::milliseconds time, Work work) {
        if (pool_.has_lost_primary()) Failure::raise_unavailable();
        if (waiting_.fetch_add(1) >= limits::store_queue_max) {
            --waiting_;
            busy();
        }
        auto const deadline = std::chrono::steady_clock::now() + time;
        co_return co_await net::run_blocking(threads_, [this, &work, deadline] {
            // Counted here and not in the caller's frame, which may outlive the store.
            struct Leaving {
                std::atomic<std::size_t>& waiting;
                ~Leaving() { --waiting; }
            } const leaving{waiting_};
            if (std::chrono::steady_clock::now() >= deadline) busy();
            try {
                return work(deadline);
            } catch (Failure const& failure) {
                failure.raise();
            }
        });
    }
    [[noreturn]] static void busy() {
        throw Error(ErrorCode::unavailable, "too many requests wait for the data store")
            .with_retry_after(std::chrono::seconds(1));
    }

    /// Null is the primary.
    static mongoc_read_prefs_t const* preference(Reads reads) {
        static ReadPreference const secondaries(
            mongoc_read_prefs_new(MONGOC_READ_SECONDARY_PREFERRED));
        return reads == Reads::lagging ? secondaries.get() : nullptr;
    }

    std::vector<Document> find(CollectionLayout const& c, Bson const& filter, Bson const& given,
                               Reads reads, Deadline deadline) {
        Connection connection(pool_, reads);
        Bson options;
        bson_concat(options.raw(), given);
        if (given.empty()) append_projection(options.raw());
        connection.append_read(options.raw(), deadline);
        auto const collection = connection.collection(c.name);
        return documents_of(Cursor(mongoc_collection_find_with_opts(collection.get(), filter,
                                                                    options, preference(reads))));
    }

    static std::vector<Document> documents_of(Cursor const& cursor) {
        std::vector<Document> out;
        for (bson_t const* row = nullptr; mongoc_cursor_next(cursor.get(), &row);)
            out.push_back(decode(row));
        bson_error_t error{};
        bson_t const* reply = nullptr;
        if (mongoc_cursor_error_document(cursor.get(), &error, &reply)) throw Failure(error, reply);
        return out;
    }

    Layout layout_;
    Pool pool_;
    Lane lane_;
    std::chrono::milliseconds operation_time_;
    std::chrono::milliseconds search_time_;
    bool hints_;
    std::atomic<std::size_t> waiting_ = 0;
    asio::thread_pool threads_;
    std::atomic<bool> looking_ = false;
    std::mutex health_mutex_;
    Health last_health_{true, {}};
    asio::thread_pool health_{1};
};

}  // namespace

std::unique_ptr<DocumentStore> open_mongo(MongoOptions options) {
    return std::make_unique<MongoStore>(options);
}

}  // namespace grover::store
