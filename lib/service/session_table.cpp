#include "service/session_table.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

namespace grover::service {
namespace {

constexpr std::size_t slots_min = 64;
constexpr std::size_t looked_at_for_eviction = 8;

constexpr std::array roles{auth::Role::user, auth::Role::creator, auth::Role::moderator,
                           auth::Role::admin};

std::uint8_t bit_of(auth::Role role) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role));
}

template <FixedString Prefix>
std::optional<Ulid> ulid_of(Id<Prefix> const& id) noexcept {
    std::string_view text = id.str();
    if (!text.starts_with(Prefix.view())) return {};
    text.remove_prefix(Prefix.view().size());
    if (!text.starts_with('_')) return {};
    return parse_ulid(text.substr(1));
}

template <class Id>
Id id_of(Ulid const& ulid) {
    return Id::trusted(std::string(Id::prefix) + '_' + print_ulid(ulid));
}

}  // namespace

TokenDigest TokenDigest::of(std::string_view token_hash) noexcept {
    TokenDigest out;
    for (std::size_t i = 0; i < out.words.size(); ++i) {
        auto const part = token_hash.substr(std::min(16 * i, token_hash.size()), 16);
        std::from_chars(part.data(), part.data() + part.size(), out.words[i], 16);
    }
    return out;
}

std::optional<SessionTable::Slot> SessionTable::packed(auth::Caller const& caller) {
    auto const user = ulid_of(caller.user_id);
    auto const session = ulid_of(caller.session_id);
    if (!user || !session) return {};
    Slot out;
    out.user = *user;
    out.session = *session;
    for (auto const role : caller.roles) out.roles |= bit_of(role);
    return out;
}

SessionTable::Ticks SessionTable::ticks_of(Time time) const noexcept {
    return std::chrono::floor<Ticks>(std::max(time, began_) - began_);
}

std::size_t SessionTable::index_of(TokenDigest const& digest) const noexcept {
    auto index = home_of(digest);
    while (slots_[index].state != State::empty && slots_[index].digest != digest)
        index = next(index);
    return index;
}

void SessionTable::put(TokenDigest const& digest, Session const& session, Time worthless) {
    erase(digest);
    if (size_ >= sessions_max_) evict_one();
    if (8 * (size_ + 1) > 7 * slots_.size()) make_room(worthless);
    Slot slot;
    slot.state = State::refused;
    if (session.caller) {
        if (auto const small = packed(*session.caller)) {
            slot = *small;
            slot.state = State::caller;
        } else {
            odd_.emplace(digest, *session.caller);
            slot.state = State::odd_caller;
        }
    }
    slot.digest = digest;
    slot.expires_at = session.expires_at;
    slot.checked = ticks_of(session.checked);
    slots_[index_of(digest)] = slot;
    ++size_;
}

std::optional<SessionTable::Session> SessionTable::find(TokenDigest const& digest) const {
    if (size_ == 0) return {};
    auto const& slot = slots_[index_of(digest)];
    if (slot.state == State::empty) return {};
    Session out{.caller = {}, .expires_at = slot.expires_at, .checked = began_ + slot.checked};
    if (slot.state == State::odd_caller) {
        out.caller = odd_.at(digest);
    } else if (slot.state == State::caller) {
        out.caller.emplace(id_of<auth::UserId>(slot.user), id_of<auth::SessionId>(slot.session),
                           std::vector<auth::Role>());
        for (auto const role : roles)
            if (slot.roles & bit_of(role)) out.caller->roles.push_back(role);
    }
    return out;
}

bool SessionTable::erase(TokenDigest const& digest) noexcept {
    if (size_ == 0) return false;
    auto const index = index_of(digest);
    if (slots_[index].state == State::empty) return false;
    erase_at(index);
    return true;
}

/// The gap is filled by the next one that may not stand behind it, which leaves a gap in turn.
void SessionTable::erase_at(std::size_t index) noexcept {
    if (slots_[index].state == State::odd_caller) odd_.erase(slots_[index].digest);
    --size_;
    for (auto at = next(index); slots_[at].state != State::empty; at = next(at)) {
        auto const mask = slots_.size() - 1;
        auto const from_home = (at - home_of(slots_[at].digest)) & mask;
        if (from_home < ((at - index) & mask)) continue;
        slots_[index] = slots_[at];
        index = at;
    }
    slots_[index].state = State::empty;
}

/// Throws the worthless away, and takes an array in which what is left has room to grow by a fifth.
void SessionTable::make_room(Time worthless) {
    auto const limit = ticks_of(worthless);
    auto const old = std::exchange(slots_, {});
    auto const stays = [&](Slot const& slot) {
        return slot.state != State::empty && slot.checked >= limit;
    };
    auto const left = static_cast<std::size_t>(std::ranges::count_if(old, stays));
    slots_.resize(std::bit_ceil(std::max(slots_min, left * 3 / 2)));
    size_ = left;
    for (auto const& slot : old) {
        if (stays(slot))
            slots_[index_of(slot.digest)] = slot;
        else if (slot.state == State::odd_caller)
            odd_.erase(slot.digest);
    }
}

void SessionTable::evict_one() noexcept {
    std::size_t oldest = slots_.size();
    for (std::size_t seen = 0; seen < looked_at_for_eviction; hand_ = next(hand_)) {
        auto const& slot = slots_[hand_ & (slots_.size() - 1)];
        if (slot.state == State::empty) continue;
        ++seen;
        if (oldest == slots_.size() || slot.checked < slots_[oldest].checked)
            oldest = hand_ & (slots_.size() - 1);
    }
    erase_at(oldest);
}

}  // namespace grover::service
