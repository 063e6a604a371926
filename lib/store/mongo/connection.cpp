#include "store/mongo/connection.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"
#include "store/mongo/stream.hpp"
#include "store/mongo/worker.hpp"

namespace grover::store::mongo {

namespace {

using namespace std::chrono_literals;

/// The driver's library makes a file of counters in /dev/shm as it is loaded, and whoever is killed
/// leaves it behind, to be complained of by the next process of that number. The mapping needs no
/// name.
[[gnu::constructor]] void unlink_counters() {
    ::shm_unlink(fmt::format("/mongoc-{}", ::getpid()).c_str());
}

/// Where this thread wants what the driver warns of: it has no other way to tell.
thread_local std::string* warnings = nullptr;

void keep_warning(mongoc_log_level_t level, char const*, char const* message, void*) {
    if (warnings && level <= MONGOC_LOG_LEVEL_WARNING && warnings->empty()) *warnings = message;
}

/// Started once per process and never cleaned up: other threads may still be in it at exit.
void start_driver() {
    static std::once_flag once;
    std::call_once(once, [] {
        mongoc_init();
        // Its lines name hosts, and failures are thrown.
        mongoc_log_set_handler(keep_warning, nullptr);
    });
}

/// "the server is going down, or is not the primary any more": codes of the server that ask for
/// another try (MongoDB specifications, retryable-writes and server-discovery-and-monitoring).
bool is_passing(int code) {
    static constexpr std::array codes{
        6,   7,    64,    89,    91,    133,   150,   189, 262,  317, 358,
        384, 9001, 10107, 11600, 11602, 13435, 13436, 371, 14031};  // no writes at the moment, a
                                                                    // full disk
    return std::ranges::find(codes, code) != codes.end();
}

std::string hosts_of(mongoc_uri_t const* uri) {
    std::string out;
    for (auto const* host = mongoc_uri_get_hosts(uri); host; host = host->next)
        out.append(out.empty() ? "" : ", ").append(host->host_and_port);
    return out.empty() ? "the hosts of MONGO_URL" : out;
}

/// Also where the URL wants to wait for ever.
void set_default(mongoc_uri_t* uri, char const* option, std::int32_t value) {
    if (mongoc_uri_get_option_as_int32(uri, option, 0) <= 0)
        mongoc_uri_set_option_as_int32(uri, option, value);
}

using Uri = Owner<mongoc_uri_t, mongoc_uri_destroy>;

/// Whether a part of a secret may pass for an option, as "b" does in "...Password=a&b".
bool has_secret_options(std::string const& url) {
    auto const* const options = url.c_str() + std::min(url.find('?'), url.size());
    return ::strcasestr(options, "password=") || ::strcasestr(options, "pwd=") ||
           ::strcasestr(options, "authmechanismproperties=");
}

/// Throws ConfigError for a URL that the driver does not understand as it is meant. The driver's
/// messages may quote what is wrong, and show hosts: they are repeated only where that cannot be a
/// part of a password.
Uri parsed(std::string const& url) {
    if (url.find_first_of("\r\n") != url.npos) throw ConfigError("MONGO_URL must be one line");
    auto const begin = url.find("://");
    auto const at = url.find('@');
    if (begin == url.npos) throw ConfigError("MONGO_URL begins with mongodb:// or mongodb+srv://");
    if (at != url.npos &&
        (url.find('@', at + 1) != url.npos || url.find_first_of("/?", begin + 3) < at))
        throw ConfigError(
            R"(MONGO_URL: in a user, a password and an option, "@" is written %40, "/" %2F, "?" %3F)");
    auto bare = url;
    if (at != url.npos)
        bare.replace(begin + 3, at - begin - 3, url.find(':', begin + 3) < at ? "u:p" : "u");
    bson_error_t error{};
    std::string warned;
    warnings = &warned;
    Uri const checked(mongoc_uri_new_with_error(bare.c_str(), &error));
    warnings = nullptr;
    std::string wrong = checked ? warned : error.message;
    wrong.resize(std::min(wrong.find(R"(: ")"), wrong.size()));  // the value
    if (!wrong.empty())
        throw ConfigError(
            "MONGO_URL: " +
            (has_secret_options(bare)
                 ? R"(one of its options is not known, or has no value; "&" in a value is written %26)"
                 : wrong));
    Uri out(mongoc_uri_new_with_error(url.c_str(), &error));
    if (!out) throw ConfigError("MONGO_URL: its user and password must be percent-encoded");
    return out;
}

Uri uri_of(Pool::Options const& options) {
    auto uri = parsed(options.url.reveal());
    auto* const raw = uri.get();
    auto const time = static_cast<std::int32_t>(options.operation_time.count());
    // The pool counts what it has made; the workers are counted by who makes them.
    mongoc_uri_set_option_as_int32(raw, MONGOC_URI_MAXPOOLSIZE,
                                   std::numeric_limits<std::int32_t>::max());
    mongoc_uri_set_option_as_int32(raw, MONGOC_URI_SOCKETTIMEOUTMS, time);
    set_default(raw, MONGOC_URI_SERVERSELECTIONTIMEOUTMS,
                static_cast<std::int32_t>(
                    std::chrono::milliseconds(limits::store_failover_time_max).count()));
    set_default(
        raw, MONGOC_URI_CONNECTTIMEOUTMS,
        static_cast<std::int32_t>(std::chrono::milliseconds(limits::connect_time_max).count()));
    set_default(raw, MONGOC_URI_HEARTBEATFREQUENCYMS, 1'000);
    mongoc_uri_set_option_as_bool(raw, MONGOC_URI_RETRYWRITES, true);
    mongoc_uri_set_option_as_bool(raw, MONGOC_URI_RETRYREADS, true);
    mongoc_uri_set_option_as_utf8(raw, MONGOC_URI_APPNAME, "grover");
    Owner<mongoc_write_concern_t, mongoc_write_concern_destroy> const durable(
        mongoc_write_concern_new());
    mongoc_write_concern_set_wmajority(durable.get(), time);
    mongoc_write_concern_set_journal(durable.get(), true);
    mongoc_uri_set_write_concern(raw, durable.get());
    // Each read says for itself whom it may ask; a transaction asks the primary.
    ReadPreference const primary(mongoc_read_prefs_new(MONGOC_READ_PRIMARY));
    mongoc_uri_set_read_prefs_t(raw, primary.get());
    Owner<mongoc_read_concern_t, mongoc_read_concern_destroy> const unsaid(
        mongoc_read_concern_new());
    mongoc_uri_set_read_concern(raw, unsaid.get());
    return uri;
}

std::int64_t steady_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Called by the driver's monitors. `context` is the time since when there is no primary.
void watch_primary(mongoc_apm_topology_changed_t const* event) {
    auto& lost_at =
        *static_cast<std::atomic<std::int64_t>*>(mongoc_apm_topology_changed_get_context(event));
    auto const* const now = mongoc_apm_topology_changed_get_new_description(event);
    // The driver's function for this asks for what it does not change.
    bool const there = mongoc_topology_description_has_writable_server(
        const_cast<mongoc_topology_description_t*>(now));
    std::int64_t never = 0;
    if (there)
        lost_at = 0;
    else
        lost_at.compare_exchange_strong(never, steady_ms());
}

/// What failed is perhaps tried again, and the driver waits for a server to do so.
void leave_after_failure(mongoc_apm_command_failed_t const*) {
    leave_loop();
}
void leave_after_half_success(mongoc_apm_command_succeeded_t const* event) {
    if (bson_has_field(mongoc_apm_command_succeeded_get_reply(event), "writeConcernError"))
        leave_loop();
}

}  // namespace

Failure::Failure(bson_error_t const& error, bson_t const* reply)
    : what_(fmt::format("{} (code {})", error.message, error.code)),
      domain_(error.domain),
      code_(static_cast<int>(error.code)),
      transient_(reply && mongoc_error_has_label(reply, "TransientTransactionError")),
      unknown_commit_(reply && mongoc_error_has_label(reply, "UnknownTransactionCommitResult")),
      retryable_(reply && mongoc_error_has_label(reply, "RetryableWriteError")) {}

bool Failure::is_duplicate() const noexcept {
    return code_ == 11000 || code_ == 11001 || code_ == 12582;
}
bool Failure::is_duplicate_id() const noexcept {
    return is_duplicate() && what_.contains("index: _id_");
}
bool Failure::is_timeout() const noexcept {
    return domain_ == MONGOC_ERROR_SERVER && (code_ == 50 || code_ == 202 || code_ == 262);
}
bool Failure::is_refused() const noexcept {
    if (domain_ == MONGOC_ERROR_BSON) return true;
    if (domain_ == MONGOC_ERROR_COMMAND && code_ == MONGOC_ERROR_COMMAND_INVALID_ARG) return true;
    return domain_ == MONGOC_ERROR_SERVER && !transient_ && !unknown_commit_ && !retryable_ &&
           !is_timeout() && !is_passing(code_);
}
bool Failure::is_wrong_password() const noexcept {
    return (domain_ == MONGOC_ERROR_CLIENT && code_ == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
           (domain_ == MONGOC_ERROR_SERVER && (code_ == 18 || code_ == 13));
}

void Failure::raise() const {
    if (is_timeout()) raise_late();
    if (is_refused() && !is_wrong_password())
        throw std::runtime_error("the database refused: " + what_);
    raise_unavailable();
}

void Failure::raise_unavailable() {
    throw Error(ErrorCode::unavailable, "the data store is not available at the moment")
        .with_retry_after(1s);
}

void Failure::raise_late() {
    throw Error(ErrorCode::gateway_timeout, "the data store took too long to answer");
}

Pool::Pool(Options const& options) : database_(options.database) {
    start_driver();
    auto const uri = uri_of(options);
    hosts_ = hosts_of(uri.get());
    if (auto const* name = mongoc_uri_get_replica_set(uri.get())) replica_set_ = name;
    bson_error_t error{};
    pool_ = mongoc_client_pool_new_with_error(uri.get(), &error);
    if (!pool_)
        throw ConfigError(fmt::format("MONGO_URL cannot be used: {}", std::string(error.message)));
    mongoc_client_pool_set_error_api(pool_, MONGOC_ERROR_API_VERSION_2);
    Owner<mongoc_apm_callbacks_t, mongoc_apm_callbacks_destroy> const callbacks(
        mongoc_apm_callbacks_new());
    mongoc_apm_set_topology_changed_cb(callbacks.get(), watch_primary);
    mongoc_apm_set_command_failed_cb(callbacks.get(), leave_after_failure);
    mongoc_apm_set_command_succeeded_cb(callbacks.get(), leave_after_half_success);
    mongoc_client_pool_set_apm_callbacks(pool_, callbacks.get(), &lost_at_);
    driver_connects_ = !may_connect(uri.get());
    client_ = mongoc_client_pool_pop(pool_);
}

Pool::~Pool() {
    mongoc_client_pool_push(pool_, client_);
    mongoc_client_pool_destroy(pool_);
}

bool Pool::has_lost_primary() const noexcept {
    auto const lost_at = lost_at_.load();
    return lost_at != 0 && steady_ms() - lost_at >
                               std::chrono::milliseconds(limits::store_failover_time_max).count();
}

mongoc_client_t* Pool::make_client(Worker& worker) {
    auto* const client = mongoc_client_pool_pop(pool_);
    if (!driver_connects_) mongoc_client_set_stream_initiator(client, connect_stream, &worker);
    return client;
}

Connection::Connection(Pool& pool, Reads reads)
    : pool_(pool),
      reads_(reads),
      client_(Worker::current() ? Worker::current()->client() : pool.client_) {
    if (pool.standalone()) return;
    bson_error_t error{};
    session_ = mongoc_client_start_session(client_, nullptr, &error);
    if (!session_) throw Failure(error, nullptr);
    if (reads == Reads::lagging) return;
    std::lock_guard const lock(pool_.mutex_);
    mongoc_client_session_advance_operation_time(session_, pool_.latest_seconds_,
                                                 pool_.latest_counter_);
}

Connection::~Connection() {
    if (session_) {
        std::uint32_t seconds = 0;
        std::uint32_t counter = 0;
        mongoc_client_session_get_operation_time(session_, &seconds, &counter);
        if (reads_ == Reads::latest) {
            std::lock_guard const lock(pool_.mutex_);
            auto const latest = std::pair(pool_.latest_seconds_, pool_.latest_counter_);
            std::tie(pool_.latest_seconds_, pool_.latest_counter_) =
                std::max(latest, std::pair(seconds, counter));
        }
        mongoc_client_session_destroy(session_);
    }
}

CollectionHandle Connection::collection(std::string const& name) {
    return CollectionHandle(
        mongoc_client_get_collection(client_, pool_.database_.c_str(), name.c_str()));
}

void Connection::append_session(bson_t* options) const {
    bson_error_t error{};
    if (session_ && !mongoc_client_session_append(session_, options, &error))
        throw Failure(error, nullptr);
}

void Connection::append_write(bson_t* options, Deadline deadline) const {
    append(options, "maxTimeMS", milliseconds_left(deadline));
    append_session(options);
}

void Connection::append_update(bson_t* options, Deadline deadline) const {
    append_session(options);
    if (session_ && mongoc_client_session_in_transaction(session_)) return;
    append_document(options, "writeConcern", [&](bson_t* concern) {
        append(concern, "w", "majority");
        append(concern, "j", true);
        append(concern, "wtimeout", milliseconds_left(deadline));
    });
}

void Connection::append_read(bson_t* options, Deadline deadline) const {
    append(options, "maxTimeMS", milliseconds_left(deadline));
    if (!pool_.standalone())
        append_document(options, "readConcern",
                        [](bson_t* concern) { append(concern, "level", "majority"); });
    append_session(options);
}

mongoc_read_prefs_t const* Connection::preference() const {
    static ReadPreference const secondaries(mongoc_read_prefs_new(MONGOC_READ_SECONDARY_PREFERRED));
    return reads_ == Reads::lagging ? secondaries.get() : nullptr;
}

void Connection::run(bson_t const* command, Reply& reply) {
    bson_error_t error{};
    bson_destroy(&reply.bson);  // the driver makes it anew
    if (!mongoc_client_command_simple(client_, pool_.database_.c_str(), command, nullptr,
                                      &reply.bson, &error))
        throw Failure(error, &reply.bson);
}

void Connection::read(bson_t const* command, Deadline deadline, Reply& reply) {
    Bson options;
    append_read(options.raw(), deadline);
    bson_error_t error{};
    bson_destroy(&reply.bson);
    if (!mongoc_client_read_command_with_opts(client_, pool_.database_.c_str(), command,
                                              preference(), options, &reply.bson, &error))
        throw Failure(error, &reply.bson);
}

void Connection::begin(Deadline deadline) {
    Owner<mongoc_transaction_opt_t, mongoc_transaction_opts_destroy> const options(
        mongoc_transaction_opts_new());
    mongoc_transaction_opts_set_max_commit_time_ms(options.get(), milliseconds_left(deadline));
    bson_error_t error{};
    if (!mongoc_client_session_start_transaction(session_, options.get(), &error))
        throw Failure(error, nullptr);
}

void Connection::commit(Deadline deadline) {
    while (true) {
        Reply reply;
        bson_destroy(&reply.bson);
        bson_error_t error{};
        if (mongoc_client_session_commit_transaction(session_, &reply.bson, &error)) return;
        Failure const failure(error, &reply.bson);
        // Asking again is safe: the server knows the transaction by its number.
        if (!failure.is_unknown_commit() || std::chrono::steady_clock::now() >= deadline)
            throw failure;
    }
}

void Connection::abort() noexcept {
    if (session_ && mongoc_client_session_in_transaction(session_))
        mongoc_client_session_abort_transaction(session_, nullptr);
}

std::int64_t milliseconds_left(Deadline deadline) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    return std::max<std::int64_t>(left.count(), 1);
}

}  // namespace grover::store::mongo
