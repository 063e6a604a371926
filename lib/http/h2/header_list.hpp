// A header list as it comes in by HTTP/2, of a request or an answer: counted against the limits,
// its text kept in one block of memory whatever the number of fields. Internal to lib/http.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/head_parser.hpp"

namespace grover::http::h2 {

enum class BodyFollows { no, yes };

class HeaderList {
public:
    struct Slice {
        std::size_t at = 0;
        std::size_t size = 0;
    };

    /// Keeps its memory.
    void clear() noexcept;
    /// Counts one more field; false when it is one, or are bytes, too many.
    bool admit(std::string_view name, std::string_view value) noexcept;
    /// Keeps a text beside the fields.
    Slice keep(std::string_view text);
    void add(std::string_view name, std::string_view value);
    void drop_length();

    std::string_view view(Slice slice) const noexcept {
        return std::string_view(text_).substr(slice.at, slice.size);
    }
    /// No field was added.
    bool empty() const noexcept { return entries_.empty(); }
    std::size_t bytes() const noexcept { return text_.size(); }
    /// How many fields are called content-length, and what the last of them says.
    std::size_t lengths() const noexcept { return lengths_; }
    std::string_view length() const noexcept { return view(length_); }
    /// The views live until clear().
    void append_to(std::vector<FieldView>& fields) const;

private:
    struct Entry {
        Slice name;
        Slice value;
    };
    std::string text_;  // of everything that is kept
    std::vector<Entry> entries_;
    std::size_t list_bytes_ = 0;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts
    std::size_t count_ = 0;
    std::size_t lengths_ = 0;
    Slice length_;
};

}  // namespace grover::http::h2
