// One stored answer. Immutable once it is in the cache, so that any thread can send it while
// another replaces it; what a 304 renews is a new Entry with the same Body.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "http/coding/coding.hpp"
#include "http/head_parser.hpp"

namespace grover::gateway::cache {

/// Header fields in one block of text.
class Fields {
public:
    void add(std::string_view name, std::string_view value);
    std::size_t size() const noexcept { return spans_.size(); }
    http::FieldView operator[](std::size_t index) const noexcept;
    /// The first of that name; empty when there is none.
    std::string_view get(std::string_view name) const noexcept;
    /// A range of http::FieldView.
    auto all() const noexcept {
        return std::views::iota(std::size_t{0}, size()) |
               std::views::transform([this](std::size_t index) { return (*this)[index]; });
    }
    std::size_t bytes() const noexcept {
        return text_.capacity() + spans_.capacity() * sizeof(Span);
    }
    void shrink();

private:
    struct Span {
        std::uint32_t at;
        std::uint32_t name_bytes;
        std::uint32_t value_bytes;
    };
    std::string text_;
    std::vector<Span> spans_;
};

/// The content, and its encoded forms as far as somebody asked for one.
class Body {
public:
    explicit Body(std::string content) : content_(std::move(content)) {}
    ~Body();
    Body(Body const&) = delete;
    Body& operator=(Body const&) = delete;

    std::string_view content() const noexcept { return content_; }
    /// The form in that coding; null when nobody has made it yet. The view lives as long as this.
    std::string const* coded(http::Coding coding) const noexcept;
    /// Makes it; when another thread was faster, its form. Blocks for as long as encoding takes.
    std::string const& encode(http::Coding coding) const;
    std::size_t bytes() const noexcept;

private:
    std::string content_;
    /// Set once each; owned.
    mutable std::array<std::atomic<std::string const*>, http::codings> coded_{};
};

/// When an answer may be used (RFC 9111 section 4.2, RFC 5861). Milliseconds.
struct Freshness {
    Timestamp received;
    std::int64_t initial_age_ms = 0;
    std::int64_t lifetime_ms = 0;
    std::int64_t while_revalidate_ms = 0;
    std::int64_t if_error_ms = 0;
    bool validate_always = false;  // no-cache
    bool never_stale = false;      // must-revalidate, proxy-revalidate, s-maxage
    bool across_users = false;     // public, and nothing else of RFC 9111 section 3.5

    std::int64_t age_ms(Timestamp now) const noexcept;
    /// Negative once it is stale.
    std::int64_t left_ms(Timestamp now) const noexcept { return lifetime_ms - age_ms(now); }
};

struct Entry {
    int status = 200;
    Fields fields;  // of every answer made of this; without framing, hop-by-hop fields and Age
    std::shared_ptr<Body const> body;  // shared with the entries that a 304 made of this one
    Freshness freshness;
    /// What the answer was selected by: names in lower case and normalised values (Vary).
    std::vector<std::pair<std::string, std::string>> selected_by;
    std::vector<std::string> tags;

    std::string_view etag() const noexcept { return fields.get("ETag"); }
    std::string_view last_modified() const noexcept { return fields.get("Last-Modified"); }
    bool can_be_validated() const noexcept { return !etag().empty() || !last_modified().empty(); }
    std::size_t bytes() const noexcept;
};
using EntryPtr = std::shared_ptr<Entry const>;  // shared by the cache and the requests it answers

}  // namespace grover::gateway::cache
