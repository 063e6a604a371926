#include "store/sqlite/change.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "store/patch.hpp"
#include "store/sqlite/document.hpp"
#include "store/sqlite/scan.hpp"

namespace grover::store::sqlite {

namespace {

using Why = Rejected::Why;

/// The stored form of one document, read for a write to it.
struct Stored {
    std::int64_t ref;
    std::int64_t version;
    store::Document document;
    Entry entry;
};

std::optional<Stored> locate(Connection& connection, CollectionLayout const& c,
                             std::string_view id) {
    Run row(connection.prepared(c.sql.locate), id);
    if (!row->step()) return {};
    Stored out{row->integer(0), row->integer(1), decode(id, row->integer(1), row->text(2)), {}};
    out.entry = entry_of(c, out.document.body);
    return out;
}

void write_words(Connection& connection, std::string const& sql, std::int64_t ref,
                 Entry const& entry) {
    auto& statement = connection.prepared(sql);
    Run run(statement, ref);
    int at = 1;
    for (auto const& text : entry.texts) statement.bind_text(at++, text);
    statement.step();
}

void insert(Connection& connection, CollectionLayout const& c, std::string_view id,
            std::string_view body, Entry const& entry, std::int64_t version) {
    Run(connection.prepared(c.sql.insert_doc), id, version, body)->step();
    auto const ref = connection.last_inserted();
    insert_key(connection, c, id, ref, entry);
    if (c.has_words()) write_words(connection, c.sql.insert_words, ref, entry);
}

/// Writes what differs: the body always, keys and words only when they changed.
void update(Connection& connection, CollectionLayout const& c, std::string_view id,
            Stored const& old, std::string_view body, Entry const& entry) {
    Run(connection.prepared(c.sql.update_doc), old.version + 1, body, old.ref)->step();
    if (entry.columns != old.entry.columns || entry.expires != old.entry.expires) {
        auto& statement = connection.prepared(c.sql.update_key);
        Run run(statement);
        int at = 0;
        if (c.expires()) statement.bind(at++, entry.expires);
        for (auto const& value : entry.columns) statement.bind(at++, value);
        statement.bind_text(at, id);
        statement.step();
    }
    if (entry.texts != old.entry.texts) {
        write_words(connection, c.sql.delete_words, old.ref, old.entry);
        write_words(connection, c.sql.insert_words, old.ref, entry);
    }
}

void remove(Connection& connection, CollectionLayout const& c, std::string_view id,
            Stored const& old) {
    if (c.has_words()) write_words(connection, c.sql.delete_words, old.ref, old.entry);
    Run(connection.prepared(c.sql.delete_key), id)->step();
    Run(connection.prepared(c.sql.delete_doc), old.ref)->step();
}

std::optional<Why> refuse(std::optional<Stored> const& old, std::optional<std::int64_t> if_version,
                          Filter const& only_if) {
    if (!old) return Why::missing;
    if (if_version && *if_version != old->version) return Why::version;
    if (!matches(only_if, old->document.body)) return Why::condition;
    return {};
}

}  // namespace

void insert_key(Connection& connection, CollectionLayout const& c, std::string_view id,
                std::int64_t ref, Entry const& entry) {
    auto& statement = connection.prepared(c.sql.insert_key);
    Run run(statement, id, ref);
    int at = 2;
    if (c.expires()) statement.bind(at++, entry.expires);
    for (auto const& value : entry.columns) statement.bind(at++, value);
    statement.step();
}

void insert_words(Connection& connection, CollectionLayout const& c, std::int64_t ref,
                  Entry const& entry) {
    write_words(connection, c.sql.insert_words, ref, entry);
}

/// One visitor per write of a batch; nothing means done.
class PreparedBatch::Applying {
public:
    Applying(Connection& connection, Change const& change)
        : connection_(connection), change_(change), c_(*change.collection) {}

    std::optional<Why> operator()(Insert const& write) {
        auto const& d = change_.document;
        insert(connection_, c_, d.id, d.body, d.entry, write.version);
        return {};
    }
    std::optional<Why> operator()(Replace const& write) {
        auto const& d = change_.document;
        auto const old = locate(connection_, c_, d.id);
        if (auto const why = refuse(old, write.if_version, {})) return why;
        update(connection_, c_, d.id, *old, d.body, d.entry);
        return {};
    }
    std::optional<Why> operator()(Upsert const&) {
        auto const& d = change_.document;
        if (auto const old = locate(connection_, c_, d.id))
            update(connection_, c_, d.id, *old, d.body, d.entry);
        else
            insert(connection_, c_, d.id, d.body, d.entry, 1);
        return {};
    }
    std::optional<Why> operator()(Patch const& write) {
        auto const old = locate(connection_, c_, write.id);
        if (!old && write.ignore_missing) return {};
        if (auto const why = refuse(old, write.if_version, write.only_if)) return why;
        auto body = old->document.body;
        apply_patch(write, body);
        body.erase("_id");
        auto const entry = entry_of(c_, body);
        update(connection_, c_, write.id, *old, encode(body), entry);
        return {};
    }
    std::optional<Why> operator()(Remove const& write) {
        auto const old = locate(connection_, c_, write.id);
        if (!old && write.ignore_missing) return {};
        if (auto const why = refuse(old, write.if_version, write.only_if)) return why;
        remove(connection_, c_, write.id, *old);
        return {};
    }
    std::optional<Why> operator()(RemoveAll const&) {
        constexpr std::size_t step = 1'000;  // ids in memory at a time
        Plan const plan(c_, *change_.query, Plan::Purpose::count);
        for (std::size_t found = step; found == step;) {
            auto const ids = matching_ids(connection_, plan, step);
            for (auto const& id : ids) remove(connection_, c_, id, *locate(connection_, c_, id));
            found = ids.size();
        }
        return {};
    }

private:
    Connection& connection_;
    Change const& change_;
    CollectionLayout const& c_;
};

PreparedBatch::PreparedBatch(Layout const& layout, Batch batch) : batch_(std::move(batch)) {
    if (batch_.writes.size() > limits::batch_operations_max)
        throw std::logic_error(
            fmt::format("a batch has at most {} writes", limits::batch_operations_max));
    changes_.reserve(batch_.writes.size());
    for (auto& write : batch_.writes) {
        std::visit(
            [&](auto& w) {
                using W = std::remove_cvref_t<decltype(w)>;
                Change change{&layout.collection(w.collection), &write, {}, {}};
                if constexpr (requires { w.body; }) {
                    change.document.id = take_id(w.body);
                    change.document.entry = entry_of(*change.collection, w.body);
                    change.document.body = encode(w.body);
                } else if constexpr (std::same_as<W, RemoveAll>) {
                    change.query = Query{.collection = w.collection, .filter = w.filter};
                    Plan(*change.collection, *change.query, Plan::Purpose::count);
                } else {
                    check_condition(w.only_if);
                    if constexpr (std::same_as<W, Patch>) check_patch(w);
                }
                changes_.push_back(std::move(change));
            },
            write);
    }
}

std::optional<Rejected> PreparedBatch::apply(Connection& connection) const {
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        try {
            if (auto const why = std::visit(Applying(connection, changes_[i]), *changes_[i].write))
                return Rejected{i, *why};
        } catch (Failure const& failure) {
            if (failure.is_duplicate()) return Rejected{i, Why::exists};
            throw;
        }
    }
    return {};
}

std::size_t remove_expired(Connection& connection, CollectionLayout const& collection,
                           Timestamp now, std::size_t limit) {
    std::vector<std::string> ids;
    {
        Run row(connection.prepared(collection.sql.expired), now.ms,
                static_cast<std::int64_t>(limit));
        while (row->step()) ids.emplace_back(row->text(0));
    }
    for (auto const& id : ids)
        remove(connection, collection, id, *locate(connection, collection, id));
    return ids.size();
}

}  // namespace grover::store::sqlite
