#include "gateway/cache/entry.hpp"

#include <algorithm>

#include "http/message.hpp"

namespace grover::gateway::cache {

void Fields::add(std::string_view name, std::string_view value) {
    spans_.push_back({static_cast<std::uint32_t>(text_.size()),
                      static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
    text_.append(name).append(value);
}

http::FieldView Fields::operator[](std::size_t index) const noexcept {
    auto const& [at, name_bytes, value_bytes] = spans_[index];
    std::string_view const text = text_;
    return {text.substr(at, name_bytes), text.substr(at + name_bytes, value_bytes)};
}

std::string_view Fields::get(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < spans_.size(); ++i)
        if (spans_[i].name_bytes == name.size() && http::same_token((*this)[i].name, name))
            return (*this)[i].value;
    return {};
}

void Fields::shrink() {
    text_.shrink_to_fit();
    spans_.shrink_to_fit();
}

Body::~Body() {
    for (auto const& form : coded_) delete form.load(std::memory_order_relaxed);
}

std::string const* Body::coded(http::Coding coding) const noexcept {
    return coded_[static_cast<std::size_t>(coding)].load(std::memory_order_acquire);
}

std::string const& Body::encode(http::Coding coding) const {
    // What is sent many times may cost more once; very large bodies would hold the loop too long.
    constexpr std::size_t hard_bytes_max = 256 << 10;
    auto const effort =
        content_.size() <= hard_bytes_max ? http::Effort::stored : http::Effort::stream;
    auto made = std::make_unique<std::string>(http::encode(coding, effort, content_));
    made->shrink_to_fit();
    auto& place = coded_[static_cast<std::size_t>(coding)];
    std::string const* known = nullptr;
    if (place.compare_exchange_strong(known, made.get(), std::memory_order_acq_rel))
        return *made.release();
    return *known;
}

std::size_t Body::bytes() const noexcept {
    auto bytes = sizeof(Body) + content_.capacity();
    for (std::size_t i = 0; i < http::codings; ++i)
        if (auto const* form = coded(static_cast<http::Coding>(i)))
            bytes += sizeof(std::string) + form->capacity();
    return bytes;
}

std::int64_t Freshness::age_ms(Timestamp now) const noexcept {
    return initial_age_ms + std::max<std::int64_t>(now.ms - received.ms, 0);
}

std::size_t Entry::bytes() const noexcept {
    auto bytes = sizeof(Entry) + fields.bytes() + (body ? body->bytes() : 0);
    for (auto const& [name, value] : selected_by) bytes += 64 + name.size() + value.size();
    for (auto const& tag : tags) bytes += 64 + tag.size();
    return bytes;
}

}  // namespace grover::gateway::cache
