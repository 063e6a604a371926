// Where stored answers are: by key, within a number of bytes, with purges by key, prefix and tag.
//
// Sharded by the key's hash; a shard's lock is held for a look-up or an insertion, never while
// bodies are copied, encoded or freed. What goes when memory is full is decided by S3-FIFO (Yang et
// al., "FIFO queues are all you need for cache eviction", SOSP 2023): new keys wait in a small
// queue and reach the main one only when they are asked for again, so that what is asked for once
// (a crawler, a scan) does not drive out what is asked for always. A hit changes one number.
//
// An answer that was fetched before a purge is not stored after it: insert() is told the version
// that the store had when its fetch began, and refuses what was purged since.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/string_map.hpp"
#include "gateway/cache/entry.hpp"
#include "http/head_parser.hpp"

namespace grover::gateway::cache {

/// Thread-safe.
class Store {
public:
    struct Limits {
        std::size_t bytes = 64 << 20;
        std::size_t variants = 16;  // of one key; the oldest goes
    };
    explicit Store(Limits limits);
    ~Store();

    /// The newest variant that the request selects; null when there is none. `variants` says
    /// whether there are others.
    struct Found {
        EntryPtr entry;
        bool has_variants = false;
    };
    Found find(std::string_view key, http::RequestHead const& request);

    using Version = std::uint64_t;
    /// To be asked before an answer is.
    Version version(std::string_view key);
    /// In place of the variant with the same selection. False when the answer was purged since
    /// `since`, or has no room.
    bool insert(std::string_view key, EntryPtr entry, Version since);
    /// The entry has grown: an encoded form was made.
    void grown(std::string_view key, std::size_t bytes);

    // How many keys were removed.
    std::size_t purge(std::string_view key);
    std::size_t purge_prefix(std::string_view prefix);
    std::size_t purge_tag(std::string_view tag);
    std::size_t purge_all() { return purge_prefix({}); }

    struct Counts {
        std::size_t keys = 0, bytes = 0;
        std::uint64_t evicted = 0, purged = 0;
    };
    Counts counts() const;

    static constexpr std::size_t shards = 16;

private:
    class Shard;
    Shard& shard_of(std::string_view key) noexcept;

    std::array<std::unique_ptr<Shard>, shards> shards_;
};

}  // namespace grover::gateway::cache
