// How a stored answer looks to one request: whole, as 304, as a part, encoded, with its Age.
//
//     auto const answer = make_answer(request, *entry, coding, now);
//     begin(answer.status);
//     for_each_field(answer, [&](auto name, auto value) { field(name, value); });
//     finish(answer.body);
//
// Views live as long as the entry and the answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "gateway/cache/entry.hpp"
#include "gateway/forward.hpp"
#include "http/coding/coding.hpp"
#include "http/fields.hpp"
#include "http/head_parser.hpp"
#include "http/message.hpp"

namespace grover::gateway::cache {

struct Answer {
    Entry const& entry;
    int status = 200;  // the entry's, 206, 304 or 416
    std::string_view body;
    http::Coding coding = http::Coding::identity;
    bool varies_by_coding = false;  // another Accept-Encoding would get another form
    std::string content_range;      // of 206 and 416
    std::string age;                // seconds
    std::size_t made_bytes = 0;     // of an encoded form that was not there before
};

/// What a request may get: `offered` are the codings of the route, empty for none.
struct Offer {
    std::span<http::Coding const> codings{};
    std::uint64_t coded_bytes_min = 1024;
};

/// Judges If-None-Match, If-Modified-Since, Range and If-Range (RFC 9110 section 13.2.2; ranges of
/// one part; several are answered by the whole). Makes the encoded form when it is the first to
/// ask.
Answer make_answer(http::RequestHead const& request, Entry const& entry, Offer const& offer,
                   Timestamp now);

/// True when the request's own condition says that the client has this answer already.
bool is_not_modified(http::RequestHead const& request, std::string_view etag,
                     std::string_view last_modified, std::string_view date) noexcept;

/// Calls `use(name, value)` with every field of the answer but framing.
template <class Use>
void for_each_field(Answer const& answer, Use use) {
    bool const coded = answer.coding != http::Coding::identity;
    bool varied = !answer.varies_by_coding;
    for (auto const& [name, value] : answer.entry.fields.all()) {
        bool const content = name.size() > 8 && http::same_token(name.substr(0, 8), "content-");
        if (content && (answer.status == 304 || answer.status == 416) &&
            !http::same_token(name, "content-location"))
            continue;
        if (content && answer.status == 206 && http::same_token(name, "content-range")) continue;
        if ((coded || answer.status == 206) && describes_bytes(name)) continue;
        if (coded && http::same_token(name, "etag") && !value.starts_with("W/")) {
            use(name, "W/" + std::string(value));
            continue;
        }
        if (!varied && http::same_token(name, "vary")) {
            varied = true;
            if (!http::has_member(value, "accept-encoding")) {
                use(name, std::string(value) + ", Accept-Encoding");
                continue;
            }
        }
        use(name, value);
    }
    if (!varied) use("Vary", "Accept-Encoding");
    if (coded && answer.status != 304) use("Content-Encoding", http::name_of(answer.coding));
    if (!answer.content_range.empty()) use("Content-Range", answer.content_range);
    use("Age", answer.age);
}

}  // namespace grover::gateway::cache
