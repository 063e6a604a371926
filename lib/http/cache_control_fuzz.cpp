// What caches and codings read from header fields, from any bytes: no crash, every answer within
// its bounds, and what is written again is read the same.
//
//     cmake --preset fuzz && ninja -C build/fuzz grover-http-cache-control-fuzz
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/cache_control.hpp"
#include "http/coding/negotiation.hpp"
#include "http/date.hpp"
#include "http/fields.hpp"

namespace {

using namespace grover::http;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(CacheControl const& control) {
    for (auto const& lifetime : {control.max_age, control.s_maxage, control.stale_if_error,
                                 control.stale_while_revalidate})
        require(!lifetime || *lifetime <= delta_seconds_max);
}

void check_members(std::string_view text, char separator) {
    std::size_t content = 0, members = 0;
    for (auto rest = text; !rest.empty(); ++members) {
        auto const member = next_member(rest, separator);
        require(member == trim(member));
        content += member.size();
    }
    require(content <= text.size() && members <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    CacheControl control;
    control.add(text);
    check(control);
    // A second time changes nothing but the names: the shorter lifetime of two equal ones.
    auto const before = control.max_age;
    control.add(text);
    require(control.max_age == before);
    if (auto const targeted = parse_targeted(text)) check(*targeted);
    if (auto const surrogate = parse_surrogate(text, "grover")) check(*surrogate);
    RequestCacheControl asked;
    asked.add(text);

    constexpr std::array offered{Coding::zstd, Coding::br, Coding::gzip};
    auto const coding = choose_coding(text, offered);
    require(coding == Coding::identity || std::ranges::find(offered, coding) != offered.end());
    require(choose_coding(text, {}) == Coding::identity);
    (void)is_compressible(text);

    if (auto const time = parse_date(text))
        if (*time >= 0) require(parse_date(format_date(*time)) == time);
    check_members(text, ',');
    check_members(text, ';');
    (void)etag_matches(text, "\"a\"");
    return 0;
}
