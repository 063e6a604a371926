// Long: from a batch to its transaction, in the order of the steps, none of which is used
// elsewhere.
#include "store/mongo/change.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "store/mongo/bulk.hpp"
#include "store/mongo/query.hpp"
#include "store/mongo/statement.hpp"
#include "store/mongo/worker.hpp"
#include "store/patch.hpp"

namespace grover::store::mongo {

namespace {

using Why = Rejected::Why;
using namespace std::chrono_literals;

constexpr int conflicts_apart = 2;  // so often, before conflicting batches go one at a time

/// The write did not go as planned: read to find out why.
struct Unsure {};
/// Another writer was there in between.
struct Conflict {};

/// The answer of a command, and whether it went well; thrown as Failure when not.
struct Answer {
    Connection::Reply reply;
    bson_error_t error{};

    bson_t* fresh() {
        bson_destroy(&reply.bson);
        return &reply.bson;
    }
    void check(bool done) const {
        if (!done) throw Failure(error, &reply.bson);
    }
    std::int64_t count(char const* name) const {
        bson_iter_t at;
        return bson_iter_init_find(&at, &reply.bson, name) ? bson_iter_as_int64(&at) : 0;
    }
};

std::optional<Why> refuse(std::optional<Document> const& old,
                          std::optional<std::int64_t> if_version, Filter const& only_if) {
    if (!old) return Why::missing;
    if (if_version && *if_version != old->version) return Why::version;
    if (!matches(only_if, old->body)) return Why::condition;
    return {};
}

}  // namespace

/// One visitor per write; nothing means done.
class PreparedBatch::Applying {
public:
    Applying(Connection& connection, Change const& change, Manner manner, Deadline deadline)
        : connection_(connection),
          change_(change),
          c_(*change.collection),
          manner_(manner),
          deadline_(deadline),
          collection_(connection.collection(c_.name)) {}

    std::optional<Why> operator()(Insert const&) {
        insert(*change_.document);
        return {};
    }
    std::optional<Why> operator()(Replace const& write) {
        if (manner_ == Manner::in_place && write.if_version) {
            if (!replace(write.body, *write.if_version)) throw Unsure{};
            return {};
        }
        auto const old = locate(Want::version);
        if (auto const why = refuse(old, write.if_version, {})) return why;
        if (!replace(write.body, old->version)) throw Conflict{};
        return {};
    }
    std::optional<Why> operator()(Upsert const& write) {
        if (auto const old = locate(Want::version)) {
            if (!replace(write.body, old->version)) throw Conflict{};
            return {};
        }
        Bson document;
        encode(document.raw(), c_, change_.id, write.body, 1);
        insert(document);
        return {};
    }
    std::optional<Why> operator()(Patch const& write) {
        if (manner_ == Manner::in_place && change_.in_place) {
            if (!update(write) && !write.ignore_missing) throw Unsure{};
            return {};
        }
        auto old = locate(Want::all);
        if (!old && write.ignore_missing) return {};
        if (auto const why = refuse(old, write.if_version, write.only_if)) return why;
        apply_patch(write, old->body);
        old->body.erase("_id");
        if (!replace(old->body, old->version)) throw Conflict{};
        return {};
    }
    std::optional<Why> operator()(Remove const& write) {
        if (manner_ == Manner::in_place && change_.in_place) {
            Bson target;
            append_target(target.raw(), c_, write);
            append_shard(target);
            if (!remove(target) && !write.ignore_missing) throw Unsure{};
            return {};
        }
        auto const old = locate(Want::all);
        if (!old && write.ignore_missing) return {};
        if (auto const why = refuse(old, write.if_version, write.only_if)) return why;
        Bson target;
        append_target(target.raw(), change_.id, old->version);
        append_shard(target);
        if (!remove(target)) throw Conflict{};
        return {};
    }
    std::optional<Why> operator()(RemoveAll const& write) {
        Bson filter;
        append_filter(filter.raw(), write.filter);
        Bson options;
        connection_.append_write(options.raw(), deadline_);
        Answer answer;
        answer.check(mongoc_collection_delete_many(collection_.get(), filter, options,
                                                   answer.fresh(), &answer.error));
        return {};
    }

    /// The document as it is stored, or nothing: for undoing.
    std::unique_ptr<Bson> stored() {
        Bson filter;
        append(filter.raw(), "_id", change_.id);
        auto found = find(filter, {});
        return found.empty() ? nullptr : std::move(found.front());
    }
    std::vector<std::unique_ptr<Bson>> all_stored(Filter const& conditions) {
        Bson filter;
        append_filter(filter.raw(), conditions);
        return find(filter, {});
    }
    void restore(std::string_view id, Bson const* stored) {
        Bson filter;
        append(filter.raw(), "_id", id);
        remove(filter);
        if (stored) insert(*stored);
    }

private:
    enum class Want { version, all };

    std::vector<std::unique_ptr<Bson>> find(Bson const& filter, std::optional<Want> want) {
        Bson options;
        connection_.append_session(options.raw());
        append(options.raw(), "maxTimeMS", milliseconds_left(deadline_));
        if (want == Want::version)
            append_document(options.raw(), "projection",
                            [](bson_t* fields) { append(fields, version_field, 1); });
        else if (want)
            append_projection(options.raw());
        Cursor const cursor(
            mongoc_collection_find_with_opts(collection_.get(), filter, options, nullptr));
        std::vector<std::unique_ptr<Bson>> out;
        for (bson_t const* row = nullptr; mongoc_cursor_next(cursor.get(), &row);) {
            out.push_back(std::make_unique<Bson>());
            bson_concat(out.back()->raw(), row);
        }
        bson_error_t error{};
        bson_t const* reply = nullptr;
        if (mongoc_cursor_error_document(cursor.get(), &error, &reply)) throw Failure(error, reply);
        return out;
    }
    std::optional<Document> locate(Want want) {
        Bson filter;
        append(filter.raw(), "_id", change_.id);
        append_shard(filter);
        auto const found = find(filter, want);
        if (found.empty()) return {};
        return decode(*found.front());
    }
    void insert(Bson const& document) {
        Bson options;
        connection_.append_write(options.raw(), deadline_);
        append_unchecked(options);
        Answer answer;
        answer.check(mongoc_collection_insert_one(collection_.get(), document, options,
                                                  answer.fresh(), &answer.error));
    }
    bool replace(json::object const& body, std::int64_t version) {
        Bson filter;
        append_target(filter.raw(), change_.id, version);
        append_shard(filter);
        Bson document;
        encode(document.raw(), c_, change_.id, body, version + 1);
        Bson options;
        connection_.append_update(options.raw(), deadline_);
        append_unchecked(options);
        Answer answer;
        answer.check(mongoc_collection_replace_one(collection_.get(), filter, document, options,
                                                   answer.fresh(), &answer.error));
        return answer.count("matchedCount") == 1;
    }
    bool update(Patch const& write) {
        Bson filter;
        append_target(filter.raw(), c_, write);
        append_shard(filter);
        Bson change;
        append_change(change.raw(), c_, write);
        Bson options;
        connection_.append_update(options.raw(), deadline_);
        append_unchecked(options);
        Answer answer;
        answer.check(mongoc_collection_update_one(collection_.get(), filter, change, options,
                                                  answer.fresh(), &answer.error));
        return answer.count("matchedCount") == 1;
    }
    bool remove(Bson const& filter) {
        Bson options;
        connection_.append_write(options.raw(), deadline_);
        Answer answer;
        answer.check(mongoc_collection_delete_one(collection_.get(), filter, options,
                                                  answer.fresh(), &answer.error));
        return answer.count("deletedCount") == 1;
    }
    void append_shard(Bson& filter) const {
        if (connection_.at_router())
            mongo::append_shard(filter.raw(), c_, *change_.write, change_.id);
    }
    /// Members have the names that they have in JSON: "", "a.b", "$".
    static void append_unchecked(Bson& options) { append(options.raw(), "validate", false); }

    Connection& connection_;
    Change const& change_;
    CollectionLayout const& c_;
    Manner manner_;
    Deadline deadline_;
    CollectionHandle collection_;
};

PreparedBatch::PreparedBatch(Layout const& layout, Batch batch) : batch_(std::move(batch)) {
    if (batch_.writes.size() > limits::batch_operations_max)
        throw std::logic_error(
            fmt::format("a batch has at most {} writes", limits::batch_operations_max));
    changes_.reserve(batch_.writes.size());
    for (auto& write : batch_.writes) {
        auto const& name = std::visit([](auto& w) -> auto& { return w.collection; }, write);
        Change change{&layout.collection(name), &write, {}, false, nullptr};
        prepare(change);
        changes_.push_back(std::move(change));
    }
}

void PreparedBatch::prepare(Change& change) const {
    auto const& c = *change.collection;
    std::visit(
        [&](auto& w) {
            using W = std::remove_cvref_t<decltype(w)>;
            if constexpr (requires { w.body; }) {
                change.id = take_id(w.body);
                // Made here, so that what does not fit is said before anything is written.
                auto document = std::make_unique<Bson>();
                if constexpr (std::same_as<W, Insert>) {
                    encode(document->raw(), c, change.id, w.body, w.version);
                    change.document = std::move(document);
                } else {
                    encode(document->raw(), c, change.id, w.body, 1);
                }
            } else if constexpr (std::same_as<W, RemoveAll>) {
                Query const query{.collection = w.collection, .filter = w.filter};
                Plan(c, query, Plan::Purpose::count);
            } else {
                change.id = w.id;
                check_condition(w.only_if);
                if constexpr (std::same_as<W, Patch>) {
                    check_patch(w);
                    for (auto const& member : w.set) check_member(member.key());
                    for (auto const& [member, by] : w.inc) check_member(member);
                    change.in_place = can_be_one_command(c, w);
                } else {
                    change.in_place = can_be_one_command(w);
                }
            }
        },
        *change.write);
}

bool PreparedBatch::is_atomic_alone() const {
    return changes_.size() == 1 && !std::holds_alternative<RemoveAll>(batch_.writes[0]);
}

std::optional<Rejected::Why> PreparedBatch::apply_one(Applying& applying, Change const& change) {
    try {
        return std::visit(applying, *change.write);
    } catch (Failure const& failure) {
        if (!failure.is_duplicate()) throw;
        // Not there a moment ago, so another one has just made it.
        if (std::holds_alternative<Upsert>(*change.write) && failure.is_duplicate_id())
            throw Conflict{};
        return Why::exists;
    }
}

/// In their order, each by itself.
std::optional<Rejected> PreparedBatch::apply(Connection& connection, Manner manner,
                                             Deadline deadline) const {
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        Applying applying(connection, changes_[i], manner, deadline);
        if (auto const why = apply_one(applying, changes_[i])) return Rejected{i, *why};
    }
    return {};
}

/// Collections know nothing of each other: the writes of each go in their order, and together where
/// that is possible; the collections one after the other as in every batch. Throws Unsure where the
/// first of all that cannot be is not known for sure.
std::optional<Rejected> PreparedBatch::apply_together(Connection& connection,
                                                      Deadline deadline) const {
    std::vector<std::size_t> order(changes_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {},
                      [&](std::size_t i) { return std::pair(changes_[i].collection, i); });
    for (auto left = std::span<std::size_t const>(order); !left.empty();) {
        auto const same = std::ranges::find_if(left, [&](std::size_t i) {
            return changes_[i].collection != changes_[left.front()].collection;
        });
        auto const group = left.first(static_cast<std::size_t>(same - left.begin()));
        left = left.subspan(group.size());
        if (auto const rejected = apply_group(connection, group, deadline)) {
            if (std::ranges::any_of(left, [&](std::size_t i) { return i < rejected->write; }))
                throw Unsure{};
            return rejected;
        }
    }
    return {};
}

std::optional<Rejected> PreparedBatch::apply_group(Connection& connection,
                                                   std::span<std::size_t const> group,
                                                   Deadline deadline) const {
    auto const fits = [&](std::size_t i) { return Bulk::takes(changes_[i]); };
    if (group.size() > 1 && std::ranges::all_of(group, fits)) {
        Bulk bulk(connection, *changes_[group.front()].collection);
        for (auto const i : group) bulk.add(changes_[i]);
        auto const done = bulk.run();
        if (done.is_unsure) throw Unsure{};
        if (done.exists) return Rejected{group[*done.exists], Why::exists};
        return {};
    }
    for (auto const i : group) {
        Applying applying(connection, changes_[i], Manner::in_place, deadline);
        if (auto const why = apply_one(applying, changes_[i])) return Rejected{i, *why};
    }
    return {};
}

namespace {

/// Waits a moment that differs from that of the others.
void step_aside(int tries) {
    leave_loop();
    auto const most = std::min(1 << std::min(tries, 5), 20);
    std::this_thread::sleep_for(1ms * (1 + random_u64() % static_cast<std::uint64_t>(most)));
}

}  // namespace

bool Turn::try_lock_until(Deadline deadline) {
    leave_loop();
    return free_.try_acquire_until(deadline);
}

std::expected<void, Rejected> PreparedBatch::in_transaction(Connection& connection, Manner manner,
                                                            Deadline deadline) const {
    connection.begin(deadline);
    try {
        auto const rejected = manner == Manner::in_place ? apply_together(connection, deadline)
                                                         : apply(connection, manner, deadline);
        if (rejected) {
            connection.abort();
            return std::unexpected(*rejected);
        }
        // Nobody waits for it any more: what was answered as too late had better not happen.
        if (std::chrono::steady_clock::now() >= deadline) Failure::raise_late();
        connection.commit(deadline);
        return {};
    } catch (...) {
        connection.abort();
        throw;
    }
}

/// What a write may change is read before it; a later rejection puts it back.
std::expected<void, Rejected> PreparedBatch::one_by_one(Connection& connection,
                                                        Deadline deadline) const {
    std::vector<std::function<void()>> undo;
    auto const remember = [&](Change const& change, std::string id,
                              std::shared_ptr<Bson const> stored) {
        undo.push_back([&connection, &change, id = std::move(id), stored] {
            auto const in_its_own_time = std::chrono::steady_clock::now() + limits::store_time_max;
            Applying(connection, change, Manner::by_reading, in_its_own_time)
                .restore(id, stored.get());
        });
    };
    auto const put_back = [&] {
        for (auto const& one : std::views::reverse(undo)) one();
    };
    try {
        for (std::size_t i = 0; i < changes_.size(); ++i) {
            auto const& change = changes_[i];
            Applying applying(connection, change, Manner::by_reading, deadline);
            if (auto const* all = std::get_if<RemoveAll>(change.write))
                for (auto& stored : applying.all_stored(all->filter)) {
                    bson_iter_t at;
                    if (!bson_iter_init_find(&at, *stored, "_id")) continue;
                    std::string id(bson_iter_utf8(&at, nullptr));
                    remember(change, std::move(id), std::move(stored));
                }
            else
                remember(change, change.id, applying.stored());
            if (auto const why = apply_one(applying, change)) {
                undo.pop_back();
                put_back();
                return std::unexpected(Rejected{i, *why});
            }
        }
    } catch (...) {
        put_back();
        throw;
    }
    return {};
}

std::expected<void, Rejected> PreparedBatch::commit(Pool& pool, Lane& lane,
                                                    Deadline deadline) const {
    auto manner = Manner::in_place;
    std::unique_lock<Turn> alone_in_lane;
    for (int tries = 1; std::chrono::steady_clock::now() < deadline; ++tries) {
        try {
            Connection connection(pool);
            if (is_atomic_alone()) {
                if (auto const rejected = apply(connection, manner, deadline))
                    return std::unexpected(*rejected);
                return {};
            }
            if (!pool.standalone()) return in_transaction(connection, manner, deadline);
            std::unique_lock const lock(lane.standalone, deadline);
            if (lock) return one_by_one(connection, deadline);
            continue;
        } catch (Unsure) {
            manner = Manner::by_reading;
            continue;
        } catch (Conflict) {
        } catch (Failure const& failure) {
            if (failure.is_refused() && manner == Manner::in_place) {
                manner = Manner::by_reading;
                continue;
            }
            if (!failure.is_transient()) throw;
        }
        if (tries > conflicts_apart && !alone_in_lane)
            alone_in_lane = std::unique_lock(lane.conflicts, deadline);
        step_aside(tries);
    }
    throw Error(ErrorCode::unavailable, "too many writes to the same document at once")
        .with_retry_after(1s);
}

}  // namespace grover::store::mongo
