// The matches of a search in the order of the first page, kept while somebody pages through them.
//
//     MatchLists<UserId> lists;
//     auto const part = co_await lists.part(page, UserId::make(clock()),
//                                           [&](UserId const& newest) { return best(newest); });
//     // part.items are the ids of this page, part.next is where the following one begins.
//
// What is kept is named, not shown: what the reader may see is looked up for each page.
// Ranks move with every document that is written or removed, so a page is not asked for by rank:
// the first page fixes the list. A list that is gone (the oldest go first; a restart; another
// process) is made again, from what was there when the first page was asked for (docs/adr/0010).
// Thread-safe; look-ups take one short lock, memory is lists_max lists of as many ids as the caller
// fetches.
#pragma once

#include <algorithm>
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
        Newest newest;  // younger documents do not belong to the list
    };
    static constexpr std::size_t cursor_values = 4;

    static Cursor begin(Newest newest) { return {{}, 0, std::move(newest)}; }
    /// Throws Error (invalid) for what no write() made.
    static Cursor read(http::Position const& values);
    static http::Position write(Cursor const& cursor);

    /// The list that `cursor` is in; where there is none, what `make(newest)` finds, best first.
    template <class Make>
    net::Task<List> list_of(Cursor& cursor, Make make) {
        auto list = find(cursor.list);
        if (!list) {
            list = std::make_shared<std::vector<Id> const>(co_await make(cursor.newest));
            cursor.list = keep(list);
        }
        cursor.offset = std::min(cursor.offset, list->size());
        co_return list;
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
        auto const list = co_await list_of(cursor, std::move(make));
        auto const first = list->begin() + static_cast<std::ptrdiff_t>(cursor.offset);
        auto const count = std::min(page.limit, list->size() - cursor.offset);
        Part out{{first, first + static_cast<std::ptrdiff_t>(count)}, {}};
        cursor.offset += count;
        // `skip` is for old clients, which know no cursor (contract section 1).
        if (cursor.offset < list->size() && page.skip == 0) out.next = write(cursor);
        co_return out;
    }

private:
    static constexpr std::size_t lists_max = 500;
    /// The first value keeps cursors of other lists of the same shape apart.
    static constexpr std::string_view kind = "matches";

    std::string keep(List list);
    List find(std::string const& name);

    std::mutex mutex_;
    std::unordered_map<std::string, List> lists_;
    std::vector<std::string> names_;  // a ring, oldest at next_
    std::size_t next_ = 0;
};

template <class Id, class Newest>
typename MatchLists<Id, Newest>::Cursor MatchLists<Id, Newest>::read(http::Position const& values) {
    bool const good = values.size() == cursor_values && values[0] == boost::json::value(kind) &&
                      values[1].is_string() && values[2].is_int64() && values[3].is_string() &&
                      values[2].get_int64() >= 0;
    auto newest = good ? Newest::parse(values[3].get_string()) : std::nullopt;
    if (!newest) throw Error({{"query/cursor", "is not a cursor of this list"}});
    return {std::string(values[1].get_string()), static_cast<std::size_t>(values[2].get_int64()),
            *std::move(newest)};
}

template <class Id, class Newest>
http::Position MatchLists<Id, Newest>::write(Cursor const& cursor) {
    return {boost::json::string(kind), boost::json::string(cursor.list),
            static_cast<std::int64_t>(cursor.offset), boost::json::string(cursor.newest.str())};
}

template <class Id, class Newest>
std::string MatchLists<Id, Newest>::keep(List list) {
    auto name = random_hex(8);
    std::lock_guard const lock(mutex_);
    if (names_.size() < lists_max) {
        names_.push_back(name);
    } else {
        lists_.erase(std::exchange(names_[next_], name));
        next_ = (next_ + 1) % lists_max;
    }
    lists_.emplace(name, std::move(list));
    return name;
}

template <class Id, class Newest>
typename MatchLists<Id, Newest>::List MatchLists<Id, Newest>::find(std::string const& name) {
    std::lock_guard const lock(mutex_);
    auto const at = lists_.find(name);
    return at == lists_.end() ? nullptr : at->second;
}

}  // namespace grover::service
