// The matches of a search in the order of the first page, kept while somebody pages through them.
//
//     MatchLists<UserId> lists;
//     auto const part = co_await lists.part(page, UserId::make(clock()),
//                                           [&](UserId const& newest) { return best(newest); });
//     // part.items are the ids of this page, part.next is where the following one begins.
//
// What is kept is named, not shown: what the reader may see is looked up for each page.
// Ranks move with every document that is written or removed, so a page is not asked for by rank:
// the first page fixes the list. It is kept where a second page can be asked for, and those not
// asked for longest go first. A list that is gone (that way; a restart; another process) is made
// again, from what was there when the first page was asked for, and goes on after the last item
// shown (docs/adr/0010). Thread-safe; look-ups take one short lock, memory is lists_max lists of as
// many ids as the caller fetches.
#pragma once

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"
#include "http/extract.hpp"
#include "net/task.hpp"

namespace grover::service {

/// `Newest` is the kind of id that tells when the first page was asked for.
template <class Id, class Newest = Id>
class MatchLists {
public:
    using List = std::shared_ptr<std::vector<Id> const>;  // shared with the requests reading it

    struct Cursor {
        std::string list;
        std::size_t offset = 0;
        Newest newest;     // younger documents do not belong to the list
        std::string last;  // the item before `offset`
    };
    static constexpr std::size_t cursor_values = 5;

    static Cursor begin(Newest newest) { return {{}, 0, std::move(newest), {}}; }
    /// Throws Error (invalid) for what no write() made.
    static Cursor read(http::Position const& values);
    static http::Position write(Cursor const& cursor);

    struct Some {
        std::vector<Id> items;
        std::vector<http::Position> after;  // each
    };
    /// At most `limit` items from `cursor` on, of the list that it is in; where there is none, of
    /// what `make(newest)` finds, best first. Fewer are the last.
    template <class Make>
    net::Task<Some> some(Cursor cursor, std::size_t limit, Make make) {
        auto list = find(cursor.list);
        if (!list) {
            list = std::make_shared<std::vector<Id> const>(co_await make(cursor.newest));
            auto const last = std::ranges::find_if(
                *list, [&](Id const& item) { return text_of(item) == cursor.last; });
            if (last != list->end())
                cursor.offset = static_cast<std::size_t>(last - list->begin()) + 1;
            if (list->size() >= limit) cursor.list = keep(list);
        }
        Some out;
        while (cursor.offset < list->size() && out.items.size() < limit) {
            auto const& item = out.items.emplace_back((*list)[cursor.offset++]);
            cursor.last = text_of(item);
            out.after.push_back(write(cursor));
        }
        co_return out;
    }

    struct Part {
        std::vector<Id> items;
        std::optional<http::Position> next;
    };
    /// One page of the list that begins with the page asked for at `now`. The same errors.
    template <class Make>
    net::Task<Part> part(http::PageRequest page, Newest now, Make make) {
        auto cursor = page.after ? read(*page.after) : begin(std::move(now));
        cursor.offset += page.skip;
        auto found = co_await some(std::move(cursor), page.limit + 1, std::move(make));
        Part out{std::move(found.items), {}};
        if (out.items.size() <= page.limit) co_return out;
        out.items.pop_back();  // It only proved that there is a next page.
        // `skip` is for old clients, which know no cursor (contract section 1).
        if (page.skip == 0 && page.limit > 0) out.next = std::move(found.after[page.limit - 1]);
        co_return out;
    }

private:
    static constexpr std::size_t lists_max = 500;
    /// The first value keeps cursors of other lists of the same shape apart.
    static constexpr std::string_view kind = "matches";

    static std::string_view text_of(Id const& item) {
        if constexpr (std::is_convertible_v<Id const&, std::string_view>)
            return item;
        else
            return item.str();
    }

    std::string keep(List list);
    List find(std::string const& name);

    struct Kept {
        std::string name;
        List list;
    };
    std::mutex mutex_;
    std::list<Kept> kept_;  // asked for last first
    std::unordered_map<std::string_view, typename std::list<Kept>::iterator> by_name_;
};

template <class Id, class Newest>
typename MatchLists<Id, Newest>::Cursor MatchLists<Id, Newest>::read(http::Position const& values) {
    bool const good = values.size() == cursor_values && values[0] == boost::json::value(kind) &&
                      values[1].is_string() && values[2].is_int64() && values[3].is_string() &&
                      values[4].is_string() && values[2].get_int64() >= 0;
    auto newest = good ? Newest::parse(values[3].get_string()) : std::nullopt;
    if (!newest) throw Error({{"query/cursor", "is not a cursor of this list"}});
    return {std::string(values[1].get_string()), static_cast<std::size_t>(values[2].get_int64()),
            *std::move(newest), std::string(values[4].get_string())};
}

template <class Id, class Newest>
http::Position MatchLists<Id, Newest>::write(Cursor const& cursor) {
    return {boost::json::string(kind), boost::json::string(cursor.list),
            static_cast<std::int64_t>(cursor.offset), boost::json::string(cursor.newest.str()),
            boost::json::string(cursor.last)};
}

template <class Id, class Newest>
std::string MatchLists<Id, Newest>::keep(List list) {
    std::lock_guard const lock(mutex_);
    if (kept_.size() == lists_max) {
        by_name_.erase(kept_.back().name);
        kept_.pop_back();
    }
    kept_.push_front({random_hex(8), std::move(list)});
    by_name_.emplace(kept_.front().name, kept_.begin());
    return kept_.front().name;
}

template <class Id, class Newest>
typename MatchLists<Id, Newest>::List MatchLists<Id, Newest>::find(std::string const& name) {
    std::lock_guard const lock(mutex_);
    auto const at = by_name_.find(name);
    if (at == by_name_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, at->second);
    return at->second->list;
}

}  // namespace grover::service
