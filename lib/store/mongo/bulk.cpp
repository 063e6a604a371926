#include "store/mongo/bulk.hpp"

#include "store/mongo/statement.hpp"

namespace grover::store::mongo {

Bulk::Bulk(Connection& connection, CollectionLayout const& collection)
    : c_(collection),
      at_router_(connection.at_router()),
      collection_(connection.collection(collection.name)) {
    Bson options;
    connection.append_session(options.raw());
    bulk_.reset(mongoc_collection_create_bulk_operation_with_opts(collection_.get(), options));
    // Members have the names that they have in JSON: "", "a.b", "$".
    append(unchecked_.raw(), "validate", false);
}

bool Bulk::takes(Change const& change) {
    if (auto const* replace = std::get_if<Replace>(change.write))
        return replace->if_version.has_value();
    return change.document || change.in_place;
}

void Bulk::check(bool added, bson_error_t const& error) {
    if (!added) throw Failure(error, nullptr);
}

void Bulk::add(Change const& change) {
    bson_error_t error{};
    auto* const bulk = bulk_.get();
    before_.emplace_back(updated_, removed_);
    Bson target;
    if (at_router_ && !change.document) append_shard(target.raw(), c_, *change.write, change.id);
    if (change.document) {
        check(mongoc_bulk_operation_insert_with_opts(bulk, *change.document, unchecked_, &error),
              error);
    } else if (auto const* replace = std::get_if<Replace>(change.write)) {
        append_target(target.raw(), change.id, *replace->if_version);
        Bson document;
        encode(document.raw(), c_, change.id, replace->body, *replace->if_version + 1);
        check(
            mongoc_bulk_operation_replace_one_with_opts(bulk, target, document, unchecked_, &error),
            error);
        updated_.add(false);
    } else if (auto const* patch = std::get_if<Patch>(change.write)) {
        append_target(target.raw(), c_, *patch);
        Bson to;
        append_change(to.raw(), c_, *patch);
        check(mongoc_bulk_operation_update_one_with_opts(bulk, target, to, unchecked_, &error),
              error);
        updated_.add(patch->ignore_missing);
    } else {
        auto const& remove = std::get<Remove>(*change.write);
        append_target(target.raw(), c_, remove);
        check(mongoc_bulk_operation_remove_one_with_opts(bulk, target, nullptr, &error), error);
        removed_.add(remove.ignore_missing);
    }
}

Bulk::Done Bulk::run() {
    Connection::Reply reply;
    bson_destroy(&reply.bson);  // the driver makes it anew
    bson_error_t error{};
    bson_iter_t at;
    bson_iter_t found;
    auto const count = [&](char const* name) {
        return bson_iter_init_find(&at, &reply.bson, name) ? bson_iter_as_int64(&at) : 0;
    };
    auto const are_as_expected = [&](Expected const& updated, Expected const& removed) {
        return updated.allows(count("nMatched")) && removed.allows(count("nRemoved"));
    };
    if (mongoc_bulk_operation_execute(bulk_.get(), &reply.bson, &error) == 0) {
        Failure const failure(error, &reply.bson);
        bool const names_it = failure.is_duplicate() && bson_iter_init(&at, &reply.bson) &&
                              bson_iter_find_descendant(&at, "writeErrors.0.index", &found);
        if (!names_it) throw failure;
        auto const first = static_cast<std::size_t>(bson_iter_as_int64(&found));
        auto const& [updated, removed] = before_.at(first);
        if (!are_as_expected(updated, removed)) return {.is_unsure = true};
        return {.exists = first};
    }
    return {.is_unsure = !are_as_expected(updated_, removed_)};
}

}  // namespace grover::store::mongo
