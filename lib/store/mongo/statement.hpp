// The parts of the commands that writes become: which document, and what is done to it.
#pragma once

#include "store/document_store.hpp"
#include "store/mongo/layout.hpp"

namespace grover::store::mongo {

/// Whether one command does it, with what must hold in its filter: conditions mean the same there,
/// whether it matched says all, and what is stored beside the body (words, times, keys) stays as it
/// is or follows from the patch alone.
bool can_be_one_command(CollectionLayout const& c, Patch const& patch);
bool can_be_one_command(Remove const& remove);

/// The document as it was read.
void append_target(bson_t* filter, std::string_view id, std::int64_t version);
/// "_id", the version and the conditions. MongoDB lets a condition hold for an item of an array;
/// ours are about the whole.
void append_target(bson_t* filter, CollectionLayout const& c, Patch const& patch);
void append_target(bson_t* filter, CollectionLayout const& c, Remove const& remove);

/// Says to a router on which shard the document is, where the id, the body or the writer tells.
void append_shard(bson_t* filter, CollectionLayout const& c, Write const& write,
                  std::string_view id);

/// $set, $unset and $inc, of the version too.
void append_change(bson_t* out, CollectionLayout const& c, Patch const& patch);

}  // namespace grover::store::mongo
