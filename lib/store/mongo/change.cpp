#include "store/mongo/change.hpp"

#include <algorithm>
#include <functional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "store/mongo/query.hpp"
#include "store/patch.hpp"

namespace grover::store::mongo {

namespace {

using Why = Rejected::Why;
using namespace std::chrono_literals;

constexpr std::size_t insert_run_max = 500;
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
    /// Of the first document that an insert of several could not write.
    std::size_t failed_index() const {
        bson_iter_t at;
        bson_iter_t index;
        bool const there = bson_iter_init(&at, &reply.bson) &&
                           bson_iter_find_descendant(&at, "writeErrors.0.index", &index);
        return there ? static_cast<std::size_t>(bson_iter_as_int64(&index)) : 0;
    }
};

void append_version(bson_t* filter, std::int64_t version) {
    // What an operator put there by hand has none.
    if (version == 0)
        append_null(filter, version_field);
    else
        append(filter, version_field, version);
}

std::string_view top_of(std::string_view name) {
    return name.substr(0, name.find('.'));
}

bool is_plain(std::string_view name) {
    for (auto const part : std::views::split(name, '.'))
        if (part.begin() == part.end() || *part.begin() == '$') return false;
    return !name.contains('\0');
}

/// Whether conditions mean the same in a filter: flat names, values that can be compared.
bool can_match_in_place(Filter const& only_if) {
    return std::ranges::all_of(only_if, [](Condition const& condition) {
        return is_plain(condition.field) && !condition.field.contains('.') &&
               scalar_of(condition.value);
    });
}

/// Whether the body's neighbours (words, times, keys) stay what they are, or follow from the patch
/// alone.
bool can_change_in_place(CollectionLayout const& c, Patch const& patch) {
    auto const fits = [&](std::string_view name, json::value const* value) {
        auto const top = top_of(name);
        if (!is_plain(name) || std::ranges::find(c.searchable, top) != c.searchable.end())
            return false;
        if (!c.has_column(top) && top != c.expires_field) return true;
        return top == name && (!value || scalar_of(*value).has_value());
    };
    return can_match_in_place(patch.only_if) &&
           std::ranges::all_of(patch.set,
                               [&](auto const& m) { return fits(m.key(), &m.value()); }) &&
           std::ranges::all_of(patch.inc, [&](auto const& one) {
               return fits(one.first, nullptr) && one.first != c.expires_field;
           });
}

void append_not_array(bson_t* out, std::string_view field) {
    append_document(out, field, [](bson_t* is) {
        append_document(is, "$not", [](bson_t* type) { append(type, "$type", "array"); });
    });
}

/// "_id", the version and the conditions. MongoDB lets a condition hold for an item of an array;
/// ours are about the whole.
void append_target(bson_t* filter, CollectionLayout const& c, std::string_view id,
                   std::optional<std::int64_t> version, Filter const& only_if,
                   std::vector<std::string_view> const& objects = {}) {
    append(filter, "_id", id);
    if (version) append_version(filter, *version);
    if (only_if.empty() && objects.empty()) return;
    append_array(filter, "$and", [&](bson_t* all) {
        ArrayKey keys;
        for (auto const& condition : only_if) {
            append_document(all, keys.next(), [&](bson_t* one) {
                append(one, condition.field, *scalar_of(condition.value));
            });
            if (condition.field != "_id" && !c.has_column(condition.field))
                append_document(all, keys.next(),
                                [&](bson_t* one) { append_not_array(one, condition.field); });
        }
        for (auto const name : objects)
            append_document(all, keys.next(), [&](bson_t* one) { append_not_array(one, name); });
    });
}

void append_change(bson_t* out, CollectionLayout const& c, Patch const& patch) {
    auto const expires = c.expires() ? patch.set.if_contains(c.expires_field) : nullptr;
    auto const time = expiry_of(expires);
    bool const sets = time || std::ranges::any_of(patch.set, [](auto const& member) {
                          return !member.value().is_null();
                      });
    bool const unsets = (expires && !time) || std::ranges::any_of(patch.set, [](auto const& m) {
                            return m.value().is_null();
                        });
    if (sets)
        append_document(out, "$set", [&](bson_t* set) {
            for (auto const& member : patch.set)
                if (!member.value().is_null()) append(set, member.key(), member.value());
            if (time) append_time(set, expires_field, *time);
        });
    if (unsets)
        append_document(out, "$unset", [&](bson_t* unset) {
            for (auto const& member : patch.set)
                if (member.value().is_null()) append(unset, member.key(), "");
            if (expires && !time) append(unset, expires_field, "");
        });
    append_document(out, "$inc", [&](bson_t* inc) {
        for (auto const& [name, by] : patch.inc) append(inc, name, by);
        append(inc, version_field, 1);
    });
}

/// The objects that dotted names lead through.
std::vector<std::string_view> objects_of(Patch const& patch) {
    std::vector<std::string_view> out;
    auto const add = [&](std::string_view name) {
        for (auto dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1))
            out.push_back(name.substr(0, dot));
    };
    for (auto const& member : patch.set) add(member.key());
    for (auto const& [name, by] : patch.inc) add(name);
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

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
        : change_(change), c_(*change.collection), manner_(manner), deadline_(deadline) {
        connection.append_session(options_.raw());
        collection_ = connection.collection(c_.name, Connection::Concern::local);
    }

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
            if (!update(write) && !gone_is_good(write)) throw Unsure{};
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
            if (!remove(write.if_version, write.only_if) && !gone_is_good(write)) throw Unsure{};
            return {};
        }
        auto const old = locate(Want::all);
        if (!old && write.ignore_missing) return {};
        if (auto const why = refuse(old, write.if_version, write.only_if)) return why;
        if (!remove(old->version, {})) throw Conflict{};
        return {};
    }
    std::optional<Why> operator()(RemoveAll const& write) {
        Bson filter;
        append_filter(filter.raw(), write.filter);
        Answer answer;
        answer.check(mongoc_collection_delete_many(collection_.get(), filter, options_,
                                                   answer.fresh(), &answer.error));
        return {};
    }

    /// Several inserts into one collection; the index of the one whose key is there already.
    std::optional<std::size_t> insert_all(std::vector<bson_t const*> documents) {
        Answer answer;
        if (mongoc_collection_insert_many(collection_.get(), documents.data(), documents.size(),
                                          options_, answer.fresh(), &answer.error))
            return {};
        Failure const failure(answer.error, &answer.reply.bson);
        if (!failure.is_duplicate()) throw failure;
        return answer.failed_index();
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
        Answer answer;
        answer.check(mongoc_collection_delete_one(collection_.get(), filter, options_,
                                                  answer.fresh(), &answer.error));
        if (stored) insert(*stored);
    }

private:
    enum class Want { version, all };

    template <class W>
    bool gone_is_good(W const& write) const {
        return write.ignore_missing && !write.if_version && write.only_if.empty();
    }

    std::vector<std::unique_ptr<Bson>> find(Bson const& filter, std::optional<Want> want) {
        Bson options;
        bson_concat(options.raw(), options_);
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
        auto const found = find(filter, want);
        if (found.empty()) return {};
        return decode(*found.front());
    }
    void insert(Bson const& document) {
        Answer answer;
        answer.check(mongoc_collection_insert_one(collection_.get(), document, options_unchecked(),
                                                  answer.fresh(), &answer.error));
    }
    bool replace(json::object const& body, std::int64_t version) {
        Bson filter;
        append(filter.raw(), "_id", change_.id);
        append_version(filter.raw(), version);
        Bson document;
        encode(document.raw(), c_, change_.id, body, version + 1);
        Answer answer;
        answer.check(mongoc_collection_replace_one(collection_.get(), filter, document,
                                                   options_unchecked(), answer.fresh(),
                                                   &answer.error));
        return answer.count("matchedCount") == 1;
    }
    bool update(Patch const& write) {
        Bson filter;
        append_target(filter.raw(), c_, write.id, write.if_version, write.only_if,
                      objects_of(write));
        Bson change;
        append_change(change.raw(), c_, write);
        Answer answer;
        answer.check(mongoc_collection_update_one(collection_.get(), filter, change, options_,
                                                  answer.fresh(), &answer.error));
        return answer.count("matchedCount") == 1;
    }
    bool remove(std::optional<std::int64_t> version, Filter const& only_if) {
        Bson filter;
        append_target(filter.raw(), c_, change_.id, version, only_if);
        Answer answer;
        answer.check(mongoc_collection_delete_one(collection_.get(), filter, options_,
                                                  answer.fresh(), &answer.error));
        return answer.count("deletedCount") == 1;
    }
    /// Members have the names that they have in JSON: "", "a.b", "$".
    bson_t const* options_unchecked() {
        if (unchecked_.empty()) {
            bson_concat(unchecked_.raw(), options_);
            append(unchecked_.raw(), "validate", false);
        }
        return unchecked_;
    }

    Change const& change_;
    CollectionLayout const& c_;
    Manner manner_;
    Deadline deadline_;
    CollectionHandle collection_;
    Bson options_;
    Bson unchecked_;
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
                    change.in_place = can_change_in_place(c, w);
                } else {
                    change.in_place = can_match_in_place(w.only_if);
                }
            }
        },
        *change.write);
}

bool PreparedBatch::is_atomic_alone() const {
    return changes_.size() == 1 && !std::holds_alternative<RemoveAll>(batch_.writes[0]);
}

/// How many inserts into one collection begin at `first`.
std::size_t PreparedBatch::insert_run(std::size_t first) const {
    auto end = first;
    while (end < changes_.size() && end - first < insert_run_max && changes_[end].document &&
           changes_[end].collection == changes_[first].collection)
        ++end;
    return end - first;
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

std::optional<Rejected> PreparedBatch::apply(Connection& connection, Manner manner,
                                             Deadline deadline) const {
    for (std::size_t i = 0; i < changes_.size();) {
        Applying applying(connection, changes_[i], manner, deadline);
        auto const run = insert_run(i);
        if (run > 1) {
            std::vector<bson_t const*> documents;
            for (auto const& change : std::span(changes_).subspan(i, run))
                documents.push_back(*change.document);
            if (auto const failed = applying.insert_all(std::move(documents)))
                return Rejected{i + *failed, Why::exists};
        } else if (auto const why = apply_one(applying, changes_[i])) {
            return Rejected{i, *why};
        }
        i += std::max<std::size_t>(run, 1);
    }
    return {};
}

namespace {

/// Waits a moment that differs from that of the others.
void step_aside(int tries) {
    auto const most = std::min(1 << std::min(tries, 5), 20);
    std::this_thread::sleep_for(1ms * (1 + random_u64() % static_cast<std::uint64_t>(most)));
}

}  // namespace

std::expected<void, Rejected> PreparedBatch::in_transaction(Connection& connection, Manner manner,
                                                            Deadline deadline) const {
    connection.begin();
    try {
        if (auto const rejected = apply(connection, manner, deadline)) {
            connection.abort();
            return std::unexpected(*rejected);
        }
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
        undo.push_back([&connection, &change, id = std::move(id), stored, deadline] {
            Applying(connection, change, Manner::by_reading, deadline).restore(id, stored.get());
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
    std::unique_lock<std::mutex> alone_in_lane;
    for (int tries = 1; std::chrono::steady_clock::now() < deadline; ++tries) {
        try {
            Connection connection(pool);
            if (is_atomic_alone()) {
                if (auto const rejected = apply(connection, manner, deadline))
                    return std::unexpected(*rejected);
                return {};
            }
            if (!pool.standalone()) return in_transaction(connection, manner, deadline);
            std::lock_guard const lock(lane.standalone);
            return one_by_one(connection, deadline);
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
            alone_in_lane = std::unique_lock(lane.conflicts);
        step_aside(tries);
    }
    throw Error(ErrorCode::unavailable, "too many writes to the same document at once")
        .with_retry_after(1s);
}

}  // namespace grover::store::mongo
