// What RFC 9111 says of one answer: may it be kept, for how long, for whom, and what a request
// may get from it. Pure functions; the time is an argument.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/cache/entry.hpp"
#include "gateway/cache/settings.hpp"
#include "http/cache_control.hpp"
#include "http/head_parser.hpp"

namespace grover::gateway::cache {

/// One request as the cache sees it.
struct Request {
    http::RequestHead const& head;
    std::string key;
    bool authenticated = false;  // a session or Authorization: what it gets may be for it alone
    http::RequestCacheControl control{};

    /// Reads Cache-Control, or Pragma where there is none (RFC 9111 section 5.4).
    Request(http::RequestHead const& request, std::string its_key, bool has_session);
};

/// GET and HEAD without preconditions that a cache cannot judge: looked up at all.
bool may_look_up(http::RequestHead const& head) noexcept;

/// Every field of a request reaches the service.
bool counts_all_fields(RouteSettings const& route) noexcept;
/// And all of its query.
bool counts_all(RouteSettings const& route) noexcept;

/// The name of this cache in Cache-Status, Surrogate-Capability and Surrogate-Control.
inline constexpr std::string_view cache_name = "grover";

/// An answer on its way, and when it came.
struct Arrival {
    http::ReplyHead const& head;
    Timestamp asked;
    Timestamp received;
};

/// The entry of an answer, without its body; null when it must not be kept (RFC 9111 section 3), or
/// keeping it has no use: stale at once and without a validator. `date` stands in for a missing
/// Date.
std::shared_ptr<Entry> make_entry(Request const& request, Arrival const& arrival,
                                  Settings const& settings, RouteSettings const& route);

struct Renewal {
    EntryPtr entry;
    bool shared;  // it may be kept for others
};
/// The stored answer after a 304 (RFC 9111 sections 3.2 and 4.3.4): its fields replaced by those of
/// the 304, but what describes the stored bytes; fresh anew, with the same body. For this request
/// alone when the 304 says what would have kept an answer from being stored, or names other fields
/// in Vary.
Renewal renewed(Request const& request, Entry const& stored, Arrival const& arrival,
                Settings const& settings, RouteSettings const& route);

enum class Use {
    fresh,       // send it
    revalidate,  // send it, and fetch another meanwhile (stale-while-revalidate)
    validate,    // ask first; still good when asking fails, see usable_on_error()
    never,       // for another user: as if it were not there
};
Use use_of(Entry const& entry, Request const& request, RouteSettings const& route, Timestamp now);

/// The service cannot be asked, or answers 500, 502, 503 or 504: may the stale answer stand in?
bool usable_on_error(Entry const& entry, Request const& request, RouteSettings const& route,
                     Timestamp now) noexcept;

}  // namespace grover::gateway::cache
