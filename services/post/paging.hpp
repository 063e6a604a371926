// Full pages of lists whose rows must pass a filter after they were read: hidden rows must neither
// leave holes in a page nor end a list early.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "base/limits.hpp"
#include "http/extract.hpp"
#include "net/task.hpp"

namespace grover::post {

/// A page looks at no more rows than this, and `skip`: where almost everything is hidden it may be
/// short, and its `next` goes on.
inline constexpr std::size_t rows_examined_max = 5'000;

template <class Item>
struct Filled {
    std::vector<Item> items;
    std::optional<http::Position> next;  // nothing at the end, and for a page asked for by `skip`
};

/// `fetch(after, limit)` gives the next rows after a position, newest first or as the list is
/// ordered; fewer than `limit` only at the end. `filter(rows)` gives the items to show, in the same
/// order. Rows and items have their position in a member `at`. Throws Error (422) for a cursor
/// without `cursor_size` values: it came from another list.
template <class Item, class Fetch, class Filter>
net::Task<Filled<Item>> fill_page(http::PageRequest const& page, std::size_t cursor_size,
                                  Fetch const& fetch, Filter const& filter) {
    constexpr std::size_t retry_rows = 32;  // doubled each round, so that few rounds suffice
    page.check_cursor(cursor_size);
    Filled<Item> out;
    std::optional<http::Position> after = page.after;
    std::size_t skip = page.skip, examined = 0;
    for (std::size_t round = 0; !out.next; ++round) {
        // One more than the page needs: it proves that there is a next page.
        auto const missing = skip + page.limit - out.items.size() + 1;
        auto const least = round == 0 ? 0 : retry_rows << std::min<std::size_t>(round, 5);
        auto const wanted = std::min(std::max(missing, least), limits::find_limit_max);
        auto rows = co_await fetch(after, wanted);
        bool const end = rows.size() < wanted;
        examined += rows.size();
        if (!rows.empty()) after = rows.back().at;
        for (auto& item : co_await filter(std::move(rows))) {
            if (skip > 0) {
                --skip;
            } else if (out.items.size() == page.limit) {
                out.next = out.items.back().at;
                break;
            } else {
                out.items.push_back(std::move(item));
            }
        }
        if (end) break;
        if (!out.next && examined >= rows_examined_max + page.skip) out.next = after;
    }
    if (page.skip > 0) out.next.reset();
    co_return out;
}

}  // namespace grover::post
