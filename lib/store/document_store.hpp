// DocumentStore: what a service needs of a database, and nothing that only one engine has.
//
// A document is a JSON object with an "_id" (string). Collections, their indexes and their
// searchable fields are declared once (Schema); a query may filter and order by declared fields
// only, so every query has an index. Engines: store/sqlite (embedded default), store/mongo. One
// contract suite runs against each of them (testing/store_contract.hpp). Typed access for services:
// store/collection.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json.hpp>

#include "net/task.hpp"

namespace grover::store {

namespace json = boost::json;
using net::Task;

// ---- Declarations
// ----------------------------------------------------------------------------------------------

/// Fields are top-level members of the document. An index serves equality on a prefix of its
/// fields, then one range or an order on the next one, in either direction; "_id" is always its
/// last, implicit field.
struct Index {
    std::vector<std::string> fields;
    bool unique = false;
    /// Documents that lack one of `fields`, or have null there, are not in a sparse index (and so
    /// are not unique). An engine may forget a null in such a field: it comes back as missing.
    bool sparse = false;
};

/// By which an engine of many servers (shards) divides a collection: a text in each document that
/// never changes. What asks for its value is asked of one of them.
struct ShardKey {
    std::string field;  // "_id": documents that are known by their id alone
    /// Ids begin with the key's value and this character, so that an id alone tells the server. 0:
    /// they do not.
    char id_has_it_before = 0;
};

struct CollectionSpec {
    std::string name;
    std::vector<Index> indexes = {};
    /// Fields whose words can be searched (search()); empty for none.
    std::vector<std::string> searchable = {};
    /// Documents whose this field (an RFC 3339 time) has passed may be removed by the engine. Empty
    /// for none.
    std::string expires_field = {};
    /// None: it stays whole. Needs an index that begins with the field and is not sparse; a unique
    /// index must begin with it, too, for each server knows of its own documents alone.
    std::optional<ShardKey> shard_key = {};
};

struct Schema {
    std::vector<CollectionSpec> collections = {};
};

// ---- Queries
// ---------------------------------------------------------------------------------------------------

/// One condition on one field; all conditions of a filter hold together. Strings compare by bytes.
/// null equals null and a missing member.
struct Condition {
    enum class Op { equal, in, less, less_equal, greater, greater_equal };
    std::string field;
    Op op = Op::equal;
    json::value value;  // for `in` an array, at most 10,000 values
};
using Filter = std::vector<Condition>;

struct Order {
    std::string field = "_id";
    bool descending = false;
};

struct Query {
    std::string_view collection;
    Filter filter = {};
    /// Ties are broken by "_id" in the direction of the last entry, so that every order is total.
    std::vector<Order> order = {};
    std::size_t limit = 20;  // 1..limits::find_limit_max
    std::size_t skip = 0;
    /// Only what sorts strictly after this position: the values of the `order` fields, then the
    /// "_id".
    std::vector<json::value> after = {};
    /// An answer from some moments ago is good enough: an engine with replicas may ask one of them.
    bool may_lag = false;
};

/// Words, all of which must occur. `last_is_prefix`: the last word matches the beginning of a word
/// ("gro" finds "grover"). Words compare without case and accents; query text is never a pattern or
/// an operator.
struct Search {
    std::string_view collection;
    std::vector<std::string> words = {};
    std::vector<std::vector<std::string>> phrases = {};  // words in a row
    bool last_is_prefix = true;
    Filter filter = {};  // equality and ranges on declared fields, as in Query
    std::size_t limit = 20;
    std::size_t skip = 0;  // ranked results are paged by position: 0..limits::page_skip_max
    bool may_lag = false;  // as in Query
};

/// A document as stored: version grows by one with every write to it. Its text is UTF-8, its whole
/// numbers have a sign and 64 bits, and no name at its top begins with "$": an engine may refuse
/// others, or round them.
struct Document {
    json::object body;  // "_id" included
    std::int64_t version = 0;
};

// ---- Writes
// ----------------------------------------------------------------------------------------------------

/// The write fails (exists) when the id or a unique key is already there.
struct Insert {
    std::string collection;
    json::object body;
    std::int64_t version = 1;  // another one for a document that is moved from another store
};
/// Replaces the whole document. Fails (missing) when it is not there, (version) when `if_version`
/// is another one.
struct Replace {
    std::string collection;
    json::object body;
    std::optional<std::int64_t> if_version = {};
};
/// Inserts or replaces, whichever applies.
struct Upsert {
    std::string collection;
    json::object body;
};
/// Changes members of a document in place. Counters go through `inc`, so concurrent patches add up.
/// A name with dots reaches into objects, which are made when they are missing: "votes.2".
struct Patch {
    std::string collection;
    std::string id;
    json::object set = {};                                       // null removes the value
    std::vector<std::pair<std::string, std::int64_t>> inc = {};  // a missing member counts as 0
    Filter only_if = {};          // equality only; else fails (condition)
    bool ignore_missing = false;  // do nothing when the document is not there
    std::optional<std::int64_t> if_version = {};
    /// The document's value of the shard key, where the caller knows it: the write then goes to its
    /// server alone. With another value the document is missing there; empty asks all.
    std::string shard = {};
};
/// Fails (missing) when it is not there, unless `ignore_missing`.
struct Remove {
    std::string collection;
    std::string id;
    Filter only_if = {};
    bool ignore_missing = false;
    std::optional<std::int64_t> if_version = {};
    std::string shard = {};  // as of Patch
};
/// Removes all that match, however many; never fails.
struct RemoveAll {
    std::string collection;
    Filter filter = {};
};

using Write = std::variant<Insert, Replace, Upsert, Patch, Remove, RemoveAll>;

/// Writes that happen all together or not at all, across collections of one store.
struct Batch {
    std::vector<Write> writes;

    template <class W>
    Batch& add(W write) {
        writes.emplace_back(std::move(write));
        return *this;
    }
    bool empty() const noexcept { return writes.empty(); }
};

/// Why a batch was not applied: the first write that could not be.
struct Rejected {
    enum class Why { exists, missing, version, condition };
    std::size_t write = 0;  // index in Batch::writes
    Why why = Why::exists;
};

// ---- The store
// -------------------------------------------------------------------------------------------------

/// Thread-safe; every method may be called from any Loop and resumes there. Trouble with the engine
/// itself is thrown as Error (unavailable, gateway_timeout); a missing document or a rejected batch
/// is a value. What may take long ends by the caller's deadline (net/deadline.hpp): then whether a
/// batch was written is unknown. What no program should ask for is thrown as std::logic_error that
/// names it: an undeclared collection or field, a query that no index serves, an array in an
/// indexed field, an `inc` of text.
class DocumentStore {
public:
    virtual ~DocumentStore() = default;

    virtual Task<std::optional<Document>> get(std::string_view collection, std::string_view id) = 0;
    /// In the order of `ids`; nothing for those that are not there. One round trip.
    virtual Task<std::vector<std::optional<Document>>> get_many(
        std::string_view collection, std::vector<std::string> const& ids) = 0;
    virtual Task<std::vector<Document>> find(Query query) = 0;
    virtual Task<std::int64_t> count(std::string_view collection, Filter filter) = 0;
    /// Best match first.
    virtual Task<std::vector<Document>> search(Search search) = 0;

    /// Durable before it returns. Reads that start afterwards, on this thread or any other, see it.
    virtual Task<std::expected<void, Rejected>> commit(Batch batch) = 0;

    struct Health {
        bool connected = false;
        std::string detail;  // for the log; never shown to clients
        /// Everything in it can be read, and writes are taken.
        bool sound = true;
    };
    virtual Task<Health> health() = 0;
    /// "sqlite", "mongodb": shown in /health/db.
    virtual std::string_view engine() const noexcept = 0;
};

/// The words of `text` as search() compares them: cut at what is neither letter, digit nor mark,
/// case folded, accents removed ("Grüße, ÉCOLE!" -> "grüße" without its accent, "ecole"). By
/// SQLite's unicode61 tables (Unicode 6.1) on every engine: simple case folding (ß is not ss),
/// accents of letters that decompose (é, ñ, ệ; not ø, ł, đ). Scripts without spaces (Chinese,
/// Japanese, Thai) are not cut: a run of them is one word, found by its beginning. Emoji are no
/// words.
std::vector<std::string> search_words(std::string_view text);

}  // namespace grover::store
