#include "gateway/cache/store.hpp"

#include <algorithm>
#include <deque>

#include "gateway/cache/vary.hpp"

namespace grover::gateway::cache {
namespace {

using Hash = std::size_t;

Hash hash_of(std::string_view text) noexcept {
    return std::hash<std::string_view>{}(text);
}

/// What was removed on purpose, most recent last, for as long as fetches may be under way.
class Purges {
public:
    enum class What : std::uint8_t { key, prefix, tag };

    Store::Version version() const noexcept { return version_; }
    void add(What what, std::string_view text) {
        recent_[version_ % recent_.size()] = {what, hash_of(text),
                                              what == What::prefix ? std::string(text) : ""};
        ++version_;
    }
    /// Whether an answer of `key` was purged since; true when nobody remembers.
    bool hit(Store::Version since, std::string_view key, Entry const& entry) const {
        if (version_ - since > recent_.size()) return true;
        for (auto at = since; at < version_; ++at)
            if (concerns(recent_[at % recent_.size()], key, entry)) return true;
        return false;
    }

private:
    struct Purge {
        What what{};
        Hash hash = 0;
        std::string prefix;
    };
    static bool concerns(Purge const& purge, std::string_view key, Entry const& entry) {
        if (purge.what == What::key) return purge.hash == hash_of(key);
        if (purge.what == What::prefix) return key.starts_with(purge.prefix);
        return std::ranges::any_of(entry.tags,
                                   [&](auto const& tag) { return hash_of(tag) == purge.hash; });
    }

    Store::Version version_ = 0;
    std::array<Purge, 256> recent_;
};

/// All variants of one key.
struct Slot {
    std::string_view key;            // of the map
    std::vector<EntryPtr> variants;  // newest last
    std::size_t bytes = 0;
    std::uint8_t uses = 0;  // 0 to 3
    bool in_main = false;
    std::list<Slot*>::iterator place;
};

}  // namespace

class Store::Shard {
public:
    explicit Shard(Limits limits) : limits_(limits) {}

    Store::Found find(std::string_view key, http::RequestHead const& request) {
        std::lock_guard const lock(mutex_);
        auto const found = slots_.find(key);
        if (found == slots_.end()) return {};
        auto& slot = *found->second;
        slot.uses = static_cast<std::uint8_t>(std::min(slot.uses + 1, 3));
        for (auto at = slot.variants.rbegin(); at != slot.variants.rend(); ++at)
            if (selects(**at, request)) return {*at, true};
        return {nullptr, true};
    }

    Version version() {
        std::lock_guard const lock(mutex_);
        return purges_.version();
    }

    bool insert(std::string_view key, EntryPtr entry, Version since) {
        Bin bin;  // What goes is freed without the lock.
        std::lock_guard const lock(mutex_);
        if (purges_.hit(since, key, *entry)) return false;
        auto& slot = slot_for(key);
        auto const same = std::ranges::find_if(slot.variants, [&](auto const& known) {
            return known->selected_by == entry->selected_by;
        });
        if (same != slot.variants.end()) take_out(slot, same, bin);
        if (slot.variants.size() >= limits_.variants) take_out(slot, slot.variants.begin(), bin);
        auto const bytes = entry->bytes();
        for (auto const& tag : entry->tags) tags_[tag].insert(&slot);
        slot.variants.push_back(std::move(entry));
        add_bytes(slot, bytes);
        make_room(bin);
        return slots_.contains(key);
    }

    void grown(std::string_view key, std::size_t bytes) {
        Bin bin;
        std::lock_guard const lock(mutex_);
        auto const found = slots_.find(key);
        if (found == slots_.end()) return;
        add_bytes(*found->second, bytes);
        make_room(bin);
    }

    std::size_t purge_key(std::string_view key) {
        Bin bin;
        std::lock_guard const lock(mutex_);
        purges_.add(Purges::What::key, key);
        auto const found = slots_.find(key);
        if (found == slots_.end()) return 0;
        remove(*found->second, bin);
        ++purged_;
        return 1;
    }

    std::size_t purge_prefix(std::string_view prefix) {
        Bin bin;
        std::lock_guard const lock(mutex_);
        purges_.add(Purges::What::prefix, prefix);
        std::vector<Slot*> matching;
        for (auto const& [key, slot] : slots_)
            if (key.starts_with(prefix)) matching.push_back(slot.get());
        for (auto* slot : matching) remove(*slot, bin);
        purged_ += matching.size();
        return matching.size();
    }

    std::size_t purge_tag(std::string_view tag) {
        Bin bin;
        std::lock_guard const lock(mutex_);
        purges_.add(Purges::What::tag, tag);
        auto const found = tags_.find(tag);
        if (found == tags_.end()) return 0;
        auto const matching = found->second;  // remove() changes the original
        for (auto* slot : matching) remove(*slot, bin);
        purged_ += matching.size();
        return matching.size();
    }

    void add_to(Counts& counts) const {
        std::lock_guard const lock(mutex_);
        counts.keys += slots_.size();
        counts.bytes += small_.bytes + main_.bytes;
        counts.evicted += evicted_;
        counts.purged += purged_;
    }

private:
    using Bin = std::vector<EntryPtr>;
    struct Queue {
        std::list<Slot*> slots;  // newest first
        std::size_t bytes = 0;
    };
    static constexpr std::size_t slot_bytes = 256;  // what a key costs beside its text

    Queue& queue_of(Slot const& slot) noexcept { return slot.in_main ? main_ : small_; }

    void add_bytes(Slot& slot, std::size_t bytes) noexcept {
        slot.bytes += bytes;
        queue_of(slot).bytes += bytes;
    }

    Slot& slot_for(std::string_view key) {
        if (auto const found = slots_.find(key); found != slots_.end()) return *found->second;
        auto const [at, added] = slots_.emplace(std::string(key), std::make_unique<Slot>());
        auto& slot = *at->second;
        slot.key = at->first;
        slot.in_main = ghosts_.contains(hash_of(key));
        auto& queue = queue_of(slot);
        queue.slots.push_front(&slot);
        slot.place = queue.slots.begin();
        add_bytes(slot, slot_bytes + key.size());
        return slot;
    }

    void take_out(Slot& slot, std::vector<EntryPtr>::iterator at, Bin& bin) {
        auto const bytes = std::min((*at)->bytes(), slot.bytes);
        slot.bytes -= bytes;
        queue_of(slot).bytes -= bytes;
        for (auto const& tag : (*at)->tags) untag(tag, slot, at->get());
        bin.push_back(std::move(*at));
        slot.variants.erase(at);
    }

    /// Unless another variant has the tag too.
    void untag(std::string const& tag, Slot& slot, Entry const* but) {
        for (auto const& other : slot.variants)
            if (other.get() != but && std::ranges::find(other->tags, tag) != other->tags.end())
                return;
        auto const found = tags_.find(tag);
        if (found == tags_.end()) return;
        found->second.erase(&slot);
        if (found->second.empty()) tags_.erase(found);
    }

    void remove(Slot& slot, Bin& bin) {
        while (!slot.variants.empty()) take_out(slot, std::prev(slot.variants.end()), bin);
        auto& queue = queue_of(slot);
        queue.bytes -= slot.bytes;
        queue.slots.erase(slot.place);
        slots_.erase(slots_.find(slot.key));
    }

    void make_room(Bin& bin) {
        while (small_.bytes + main_.bytes > limits_.bytes) {
            bool const small_is_full = small_.bytes > limits_.bytes / 10;
            if (!small_.slots.empty() && (small_is_full || main_.slots.empty()))
                leave_small(*small_.slots.back(), bin);
            else
                leave_main(*main_.slots.back(), bin);
        }
    }

    /// Asked for again while it was here: on to the main queue. Else out, and remembered.
    void leave_small(Slot& slot, Bin& bin) {
        if (slot.uses == 0) {
            remember(hash_of(slot.key));
            remove(slot, bin);
            ++evicted_;
            return;
        }
        small_.bytes -= slot.bytes;
        main_.bytes += slot.bytes;
        main_.slots.splice(main_.slots.begin(), small_.slots, slot.place);
        slot.in_main = true;
        slot.uses = 0;
    }

    void leave_main(Slot& slot, Bin& bin) {
        if (slot.uses == 0) {
            remove(slot, bin);
            ++evicted_;
            return;
        }
        --slot.uses;
        main_.slots.splice(main_.slots.begin(), main_.slots, slot.place);
    }

    void remember(Hash hash) {
        if (!ghosts_.insert(hash).second) return;
        ghost_order_.push_back(hash);
        while (ghost_order_.size() > std::max<std::size_t>(slots_.size(), 64)) {
            ghosts_.erase(ghost_order_.front());
            ghost_order_.pop_front();
        }
    }

    Limits const limits_;
    mutable std::mutex mutex_;
    StringMap<std::unique_ptr<Slot>> slots_;
    StringMap<std::unordered_set<Slot*>> tags_;
    Queue small_, main_;
    std::unordered_set<Hash> ghosts_;  // keys that left the small queue lately
    std::deque<Hash> ghost_order_;
    Purges purges_;
    std::uint64_t evicted_ = 0, purged_ = 0;
};

Store::Store(Limits limits) {
    limits.bytes /= shards;
    for (auto& shard : shards_) shard = std::make_unique<Shard>(limits);
}

Store::~Store() = default;

Store::Shard& Store::shard_of(std::string_view key) noexcept {
    // The map within takes the low bits.
    return *shards_[(hash_of(key) >> 48) % shards];
}

Store::Found Store::find(std::string_view key, http::RequestHead const& request) {
    return shard_of(key).find(key, request);
}

Store::Version Store::version(std::string_view key) {
    return shard_of(key).version();
}

bool Store::insert(std::string_view key, EntryPtr entry, Version since) {
    return shard_of(key).insert(key, std::move(entry), since);
}

void Store::grown(std::string_view key, std::size_t bytes) {
    shard_of(key).grown(key, bytes);
}

std::size_t Store::purge(std::string_view key) {
    return shard_of(key).purge_key(key);
}

std::size_t Store::purge_prefix(std::string_view prefix) {
    std::size_t removed = 0;
    for (auto const& shard : shards_) removed += shard->purge_prefix(prefix);
    return removed;
}

std::size_t Store::purge_tag(std::string_view tag) {
    std::size_t removed = 0;
    for (auto const& shard : shards_) removed += shard->purge_tag(tag);
    return removed;
}

Store::Counts Store::counts() const {
    Counts out;
    for (auto const& shard : shards_) shard->add_to(out);
    return out;
}

}  // namespace grover::gateway::cache
