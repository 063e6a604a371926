// libmongoc (mongoc.org/libmongoc/1.23.1) behind owners and exceptions: the pool of clients, one
// client with its session for the time of one operation, and what went wrong.
//
// Everything here blocks; it is called on the stack of a worker (worker.hpp), or at the start and
// for the store's health on a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "store/mongo/bson.hpp"

namespace grover::store::mongo {

using Deadline = std::chrono::steady_clock::time_point;

/// What the driver or the server said about an operation that failed.
class Failure : public std::exception {
public:
    Failure(bson_error_t const& error, bson_t const* reply);

    char const* what() const noexcept override { return what_.c_str(); }
    /// A unique key, or an "_id", is there already.
    bool is_duplicate() const noexcept;
    bool is_duplicate_id() const noexcept;
    /// The transaction was not applied and may be tried again from its beginning.
    bool is_transient() const noexcept { return transient_; }
    /// Whether the transaction was applied is not known; asking again tells.
    bool is_unknown_commit() const noexcept { return unknown_commit_; }
    bool is_timeout() const noexcept;
    /// The server understood and said no, or the driver did; nothing was applied.
    bool is_refused() const noexcept;
    bool is_wrong_password() const noexcept;
    /// The connection broke, or its time was over before an answer came.
    bool is_unanswered() const noexcept { return domain_ == MONGOC_ERROR_STREAM; }
    int code() const noexcept { return code_; }

    /// Ends the request: Error (gateway_timeout, unavailable), or std::runtime_error for what no
    /// retry would mend.
    [[noreturn]] void raise() const;
    [[noreturn]] static void raise_unavailable();
    [[noreturn]] static void raise_late();

private:
    std::string what_;
    std::uint32_t domain_ = 0;
    int code_ = 0;
    bool transient_ = false;
    bool unknown_commit_ = false;
    bool retryable_ = false;
};

template <auto Destroy>
struct DestroyWith {
    template <class T>
    void operator()(T* object) const noexcept {
        Destroy(object);
    }
};
template <class T, auto Destroy>
using Owner = std::unique_ptr<T, DestroyWith<Destroy>>;

using CollectionHandle = Owner<mongoc_collection_t, mongoc_collection_destroy>;
using Cursor = Owner<mongoc_cursor_t, mongoc_cursor_destroy>;
using ReadPreference = Owner<mongoc_read_prefs_t, mongoc_read_prefs_destroy>;

class Worker;

/// The clients of one store, and the time of the latest operation that any of them has finished.
class Pool {
public:
    struct Options {
        Secret url;
        std::string database;
        std::chrono::milliseconds operation_time{};  // of one command; then the socket is given up
    };
    /// Throws ConfigError, which never shows the URL, for one that makes no sense.
    explicit Pool(Options const& options);
    ~Pool();
    Pool(Pool const&) = delete;
    Pool& operator=(Pool const&) = delete;

    /// "host:port, host:port", for messages.
    std::string const& hosts() const noexcept { return hosts_; }
    std::string const& database() const noexcept { return database_; }
    /// As the URL names it, or nothing.
    std::string const& replica_set() const noexcept { return replica_set_; }

    /// A standalone server has no sessions, no transactions and no other members.
    bool standalone() const noexcept { return standalone_; }
    void use_standalone(bool standalone) noexcept { standalone_ = standalone; }

    /// What answers is the router of a sharded cluster: it asks one server where a command says the
    /// shard key, and all of them where it does not.
    bool at_router() const noexcept { return at_router_; }
    void use_router(bool is_router) noexcept { at_router_ = is_router; }

    /// No primary for longer than an election takes, as the driver's own watch of the servers has
    /// it: asking would cost its time and fail.
    bool has_lost_primary() const noexcept;
    /// The driver may have to wait for a server, or it reads and writes by itself.
    bool must_block() const noexcept { return driver_connects_ || lost_at_ != 0; }

    /// A client for a worker, who destroys it before the pool is.
    mongoc_client_t* make_client(Worker& worker);

private:
    friend class Connection;

    std::string database_;
    std::string hosts_;
    std::string replica_set_;
    mongoc_client_pool_t* pool_ = nullptr;
    mongoc_client_t* client_ = nullptr;  // where there is no worker
    bool driver_connects_ = false;       // and not stream.hpp
    bool standalone_ = false;
    bool at_router_ = false;
    std::atomic<std::int64_t> lost_at_ = 0;  // of the steady clock, in ms; 0: there is a primary

    std::mutex mutex_;
    std::uint32_t latest_seconds_ = 0;  // operationTime: seconds, then a counter
    std::uint32_t latest_counter_ = 0;
};

/// The worker's client in a causally consistent session, for the time of one operation: it sees
/// what any operation of this store that ended before has written or seen, whichever server
/// answers.
class Connection {
public:
    /// `lagging` may answer from before operations that have just ended.
    enum class Reads { latest, lagging };
    /// Throws Failure when no server can be reached.
    explicit Connection(Pool& pool, Reads reads = Reads::latest);
    ~Connection();
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    bool at_router() const noexcept { return pool_.at_router(); }

    CollectionHandle collection(std::string const& name);
    /// Puts the session into the options of an operation.
    void append_session(bson_t* options) const;
    /// The session and the time that the server may take, of an insertion or a removal.
    void append_write(bson_t* options, Deadline deadline) const;
    /// The same of an update. The driver would put maxTimeMS into its statement, where no server
    /// takes it, and an update as a plain command is not repeated under its number: so the wait
    /// for a majority is bounded, and the rest by the socket's time. In a transaction nothing is:
    /// there a server waits for nobody's lock, and begin() bounds the end.
    void append_update(bson_t* options, Deadline deadline) const;
    /// The session, the time that the server may take, and that what is read is what no failover
    /// takes back.
    void append_read(bson_t* options, Deadline deadline) const;
    /// Which members may be asked: null is the primary.
    mongoc_read_prefs_t const* preference() const;

    struct Reply {
        bson_t bson = BSON_INITIALIZER;
        Reply() = default;
        ~Reply() { bson_destroy(&bson); }
        Reply(Reply const&) = delete;
        Reply& operator=(Reply const&) = delete;
    };
    /// Runs a command of the database. Throws Failure.
    void run(bson_t const* command, Reply& reply);
    /// The same for one that reads.
    void read(bson_t const* command, Deadline deadline, Reply& reply);

    void begin(Deadline deadline);
    /// Returns when the writes are durable on a majority. Throws Failure.
    void commit(Deadline deadline);
    /// Never throws: a transaction that is not committed never happened.
    void abort() noexcept;

private:
    Pool& pool_;
    Reads reads_;
    mongoc_client_t* client_;
    mongoc_client_session_t* session_ = nullptr;
};

/// What is left until `deadline`, at least 1 ms. For maxTimeMS.
std::int64_t milliseconds_left(Deadline deadline);

}  // namespace grover::store::mongo
