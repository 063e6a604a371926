// Header fields on their way to nghttp2. Internal to lib/http.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grover::http::h2 {

/// True for fields whose value many messages of a connection share: the others are never put into
/// HPACK's table (RFC 7541 section 6.2.3). A value that is another one in each message (an id, a
/// time, what is left of a limit) would push out what comes again, and nghttp2 looks for a field
/// along all values that the table has of it. Secrets must not be in a table either (section 7.1).
bool is_shared_field(std::string_view name) noexcept;

/// Name and value pairs as nghttp2 takes them: views of what lives during the call, or with
/// `NGHTTP2_NV_FLAG_NO_COPY_*` until the frame is made.
class FieldList {
public:
    void clear() noexcept { fields_.clear(); }
    /// The name in lower case.
    void add(std::string_view name, std::string_view value,
             std::uint8_t flags = NGHTTP2_NV_FLAG_NONE) {
        if (!is_shared_field(name)) flags |= NGHTTP2_NV_FLAG_NO_INDEX;
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
