#include "http/h2/field_list.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace grover::http::h2 {
namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

bool is_shared_field(std::string_view name) noexcept {
    auto const by_size = [](std::string_view one) { return std::pair(one.size(), one); };
    static constexpr std::array shared =
        std::to_array<std::string_view>({"te",
                                         "via",
                                         "vary",
                                         "accept",
                                         "pragma",
                                         "server",
                                         "sunset",
                                         ":method",
                                         ":scheme",
                                         ":status",
                                         "alt-svc",
                                         ":authority",
                                         "deprecation",
                                         "content-type",
                                         "accept-ranges",
                                         "cache-control",
                                         "accept-encoding",
                                         "referrer-policy",
                                         "x-frame-options",
                                         "content-encoding",
                                         "content-language",
                                         "ratelimit-policy",
                                         "permissions-policy",
                                         "x-content-type-options",
                                         "content-security-policy",
                                         "strict-transport-security",
                                         "cross-origin-opener-policy",
                                         "access-control-allow-origin",
                                         "access-control-allow-headers",
                                         "access-control-allow-methods",
                                         "access-control-expose-headers",
                                         "access-control-allow-credentials"});
    static_assert(std::ranges::is_sorted(shared, {}, by_size));
    return std::ranges::binary_search(shared, by_size(name), {}, by_size);
}

void FieldText::add(std::string_view name, std::string_view value, std::uint8_t flags) {
    auto const at = text_.size();
    text_.resize(at + name.size());
    std::ranges::transform(name, text_.begin() + static_cast<std::ptrdiff_t>(at), lower);
    text_ += value;
    slices_.push_back({at, name.size(), value.size(), flags});
}

void FieldText::append_to(FieldList& list) const {
    std::string_view const text = text_;
    for (auto const& slice : slices_)
        list.add(text.substr(slice.name_at, slice.name_size),
                 text.substr(slice.name_at + slice.name_size, slice.value_size), slice.flags);
}

}  // namespace grover::http::h2
