#include "http/h2/field_list.hpp"

#include <algorithm>

namespace grover::http::h2 {
namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

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
