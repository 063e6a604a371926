#include "store/mongo/mongo_store.hpp"

#include <atomic>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/string_map.hpp"
#include "net/async.hpp"
#include "store/mongo/change.hpp"
#include "store/mongo/query.hpp"
#include "store/mongo/read.hpp"
#include "store/mongo/start.hpp"
#include "store/mongo/worker.hpp"

namespace grover::store {

namespace {

namespace asio = boost::asio;
using namespace mongo;

class MongoStore final : public DocumentStore {
public:
    explicit MongoStore(MongoOptions const& options)
        : layout_(options.schema),
          pool_(pool_options(options)),
          operation_time_(options.operation_time),
          search_time_(options.search_time),
          hints_(options.hints),
          workers_(std::make_shared<Workers>(Workers::Options{
              .count = options.connections,
              .make_client = [this](Worker& one) { return pool_.make_client(one); },
              .must_block = [this] { return pool_.must_block(); }})) {
        start(pool_, pool_options(options), layout_,
              options.standalone ? Standalone::accept : Standalone::refuse);
    }
    ~MongoStore() override {
        workers_->close();
        health_.join();
    }

    Task<std::optional<Document>> get(std::string_view collection, std::string_view id) override {
        auto const& c = layout_.collection(collection);
        std::string const ids[] = {std::string(id)};
        Bson command;
        append_find(command.raw(), c, ids, pool_.at_router());
        auto found = co_await ask(c, std::move(command));
        co_return found.empty() ? std::optional<Document>() : std::move(found.front());
    }

    Task<std::vector<std::optional<Document>>> get_many(
        std::string_view collection, std::vector<std::string> const& ids) override {
        auto const& c = layout_.collection(collection);
        std::vector<std::optional<Document>> out(ids.size());
        if (ids.empty()) co_return out;
        Bson command;
        append_find(command.raw(), c, ids, pool_.at_router());
        auto found = co_await ask(c, std::move(command));
        StringMap<Document*> by_id;
        for (auto& document : found) by_id.emplace(document.body.at("_id").as_string(), &document);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            auto const at = by_id.find(ids[i]);
            if (at == by_id.end()) continue;
            bool const is_taken = at->second < found.data() || at->second > &found.back();
            if (is_taken)  // asked for twice
                out[i] = *at->second;
            else
                out[i] = std::move(*at->second);
            at->second = &*out[i];
        }
        co_return out;
    }

    Task<std::vector<Document>> find(Query query) override {
        check_page(query.limit, query.skip);
        auto const& c = layout_.collection(query.collection);
        Plan const plan(c, query, Plan::Purpose::find);
        Bson command;
        if (!append_find(command.raw(), plan, query)) co_return std::vector<Document>();
        if (hints_) append_hint(command.raw(), plan);
        co_return co_await ask(c, std::move(command),
                               query.may_lag ? Reads::lagging : Reads::latest);
    }

    Task<std::int64_t> count(std::string_view collection, Filter filter) override {
        auto const& c = layout_.collection(collection);
        Query const query{.collection = collection, .filter = std::move(filter)};
        Plan const plan(c, query, Plan::Purpose::count);
        if (plan.stream_count() == 0) co_return 0;
        Bson command;
        append_count(command.raw(), query);
        if (hints_) append_hint(command.raw(), plan);
        co_return co_await run(operation_time_,
                               [this, command = std::move(command)](Deadline deadline) {
                                   Connection connection(pool_);
                                   return mongo::count(connection, command, deadline);
                               });
    }

    Task<std::vector<Document>> search(Search search) override {
        auto const& c = layout_.collection(search.collection);
        check_search(c, search);
        auto const terms = search_terms(search);
        if (terms.empty()) co_return std::vector<Document>();
        Bson pipeline;
        append_search(pipeline.raw(), terms, search);
        auto const reads = search.may_lag ? Reads::lagging : Reads::latest;
        co_return co_await run(
            search_time_, [this, &c, reads, pipeline = std::move(pipeline)](Deadline deadline) {
                Connection connection(pool_, reads);
                Bson options;
                connection.append_read(options.raw(), deadline);
                if (hints_) append(options.raw(), "hint", words_index);
                return read_all(Cursor(mongoc_collection_aggregate(
                    connection.collection(c.name).get(), MONGOC_QUERY_NONE, pipeline, options,
                    connection.preference())));
            });
    }

    Task<std::expected<void, Rejected>> commit(Batch batch) override {
        PreparedBatch prepared(layout_, std::move(batch));
        if (prepared.empty()) co_return std::expected<void, Rejected>();
        co_return co_await run(operation_time_,
                               [this, prepared = std::move(prepared)](Deadline deadline) {
                                   try {
                                       auto done = prepared.commit(pool_, lane_, deadline);
                                       note(nullptr);
                                       return done;
                                   } catch (Failure const& failure) {
                                       note(&failure);
                                       throw;
                                   }
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
        auto const found = co_await net::run_blocking(health_, net::deadline(), [this] {
            auto seen = look();
            std::lock_guard const lock(health_mutex_);
            seen = with_trouble(std::move(seen));
            last_health_ = seen;
            looking_ = false;
            return seen;
        });
        co_return found.value_or(Health{false, "it does not answer in time"});
    }
    std::string_view engine() const noexcept override { return "mongodb"; }

private:
    using Reads = Connection::Reads;

    static Pool::Options pool_options(MongoOptions const& options) {
        return {options.url, options.database, options.operation_time};
    }

    /// What health() knows: why the last write failed, or that nobody may read, until a write goes
    /// through or it is long ago.
    void note(Failure const* failure) {
        if (!failure && !has_failed_.load(std::memory_order_relaxed)) return;
        std::lock_guard const lock(health_mutex_);
        has_failed_ = failure != nullptr;
        failed_at_ = std::chrono::steady_clock::now();
        why_failed_ = failure ? failure->what() : "";
    }
    Health with_trouble(Health seen) const {
        bool const recently =
            std::chrono::steady_clock::now() - failed_at_ < limits::store_failure_shown_max;
        if (!seen.connected || !has_failed_ || !recently) return seen;
        return {true, "it refuses: " + why_failed_, false};
    }

    Health look() {
        try {
            Bson ping;
            append(ping.raw(), "ping", 1);
            Connection::Reply reply;
            Connection(pool_, Reads::lagging).run(ping, reply);
            return Health{true, {}};
        } catch (std::exception const& failure) {
            return Health{false, failure.what()};
        }
    }

    /// Runs `work(deadline)` on a worker. The caller waits no longer than its deadline; `work` goes
    /// on and so owns what it uses.
    template <class Work>
    Task<std::invoke_result_t<Work&, Deadline>> run(std::chrono::milliseconds time, Work work) {
        if (pool_.has_lost_primary()) Failure::raise_unavailable();
        auto const until = net::deadline();
        auto const now = std::chrono::steady_clock::now();
        if (now >= until) Failure::raise_late();
        if (waiting_.fetch_add(1) >= limits::store_queue_max) {
            --waiting_;
            busy();
        }
        auto const deadline = std::min(until, now + time);
        auto do_it = [this, work = std::move(work), deadline, until]() mutable {
            // Counted here and not in the caller's frame, which may outlive the store.
            struct Leaving {
                std::atomic<std::size_t>& waiting;
                ~Leaving() { --waiting; }
            } const leaving{waiting_};
            if (std::chrono::steady_clock::now() >= deadline)
                deadline == until ? Failure::raise_late() : busy();
            try {
                return work(deadline);
            } catch (Failure const& failure) {
                if (failure.is_wrong_password()) note(&failure);
                failure.raise();
            }
        };
        auto const handover =
            std::make_shared<net::Handover<std::invoke_result_t<Work&, Deadline>>>(
                co_await net::this_executor());
        workers_->run([handover, do_it = std::move(do_it)]() mutable { handover->make(do_it); });
        if (!co_await handover->wait(until)) Failure::raise_late();
        co_return handover->take();
    }
    [[noreturn]] static void busy() {
        throw Error(ErrorCode::unavailable, "too many requests wait for the data store")
            .with_retry_after(std::chrono::seconds(1));
    }

    Task<std::vector<Document>> ask(CollectionLayout const& c, Bson command,
                                    Reads reads = Reads::latest) {
        co_return co_await run(operation_time_,
                               [this, &c, reads, command = std::move(command)](Deadline deadline) {
                                   Connection connection(pool_, reads);
                                   return mongo::find(connection, c, command, deadline);
                               });
    }

    Layout layout_;
    Pool pool_;
    Lane lane_;
    std::chrono::milliseconds operation_time_;
    std::chrono::milliseconds search_time_;
    bool hints_;
    std::atomic<std::size_t> waiting_ = 0;
    std::shared_ptr<Workers> workers_;
    std::atomic<bool> looking_ = false;
    std::mutex health_mutex_;
    Health last_health_{true, {}};
    std::atomic<bool> has_failed_ = false;
    std::chrono::steady_clock::time_point failed_at_;
    std::string why_failed_;
    asio::thread_pool health_{1};
};

}  // namespace

std::unique_ptr<DocumentStore> open_mongo(MongoOptions options) {
    return std::make_unique<MongoStore>(options);
}

}  // namespace grover::store
