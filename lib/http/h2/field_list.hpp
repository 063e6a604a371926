// Header fields on their way to nghttp2. Internal to lib/http.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grover::http::h2 {

/// Name and value pairs as nghttp2 takes them: views of what lives during the call, or with
/// `NGHTTP2_NV_FLAG_NO_COPY_*` until the frame is made.
class FieldList {
public:
    void clear() noexcept { fields_.clear(); }
    void add(std::string_view name, std::string_view value,
             std::uint8_t flags = NGHTTP2_NV_FLAG_NONE) {
        fields_.push_back(
            {const_cast<std::uint8_t*>(reinterpret_cast<std::uint8_t const*>(name.data())),
             const_cast<std::uint8_t*>(reinterpret_cast<std::uint8_t const*>(value.data())),
             name.size(), value.size(), flags});
    }
    nghttp2_nv const* data() const noexcept { return fields_.data(); }
    std::size_t size() const noexcept { return fields_.size(); }

private:
    std::vector<nghttp2_nv> fields_;
};

/// The same with text of its own, names in lower case (RFC 9113 section 8.2.1). One block of memory
/// whatever the number of fields, kept over clear().
class FieldText {
public:
    void clear() noexcept {
        text_.clear();
        slices_.clear();
    }
    bool empty() const noexcept { return slices_.empty(); }
    std::size_t capacity() const noexcept { return text_.capacity(); }
    void add(std::string_view name, std::string_view value,
             std::uint8_t flags = NGHTTP2_NV_FLAG_NONE);
    /// The views end with the next add().
    void append_to(FieldList& list) const;

private:
    struct Slice {
        std::size_t name_at, name_size, value_size;
        std::uint8_t flags;
    };
    std::string text_;
    std::vector<Slice> slices_;
};

}  // namespace grover::http::h2
