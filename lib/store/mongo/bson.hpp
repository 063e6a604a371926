// BSON (bsonspec.org) from and to JSON values, without a detour through text.
//
// Whole numbers are stored as 64-bit integers, all others as doubles, text as UTF-8 strings; times
// stay the strings that they are in the documents.
#pragma once

#include <cstdint>
#include <string_view>

#include <mongoc/mongoc.h>

#include "base/clock.hpp"
#include "store/scalar.hpp"

namespace grover::store::mongo {

/// A document under construction. Throws std::length_error when it would pass BSON's 2 GiB.
class Bson {
public:
    Bson() { bson_init(&bson_); }
    ~Bson() { bson_destroy(&bson_); }
    Bson(Bson&& other) noexcept {
        bson_steal(&bson_, &other.bson_);
        bson_init(&other.bson_);
    }
    Bson& operator=(Bson&&) = delete;

    bson_t* raw() noexcept { return &bson_; }
    bson_t const* raw() const noexcept { return &bson_; }
    operator bson_t const*() const noexcept { return &bson_; }
    bool empty() const noexcept { return bson_empty(&bson_); }

private:
    bson_t bson_;
};

void append(bson_t* to, std::string_view key, std::string_view text);
void append(bson_t* to, std::string_view key, std::int64_t number);
void append(bson_t* to, std::string_view key, bool value);
void append(bson_t* to, std::string_view key, Scalar const& value);
void append(bson_t* to, std::string_view key, json::value const& value);
void append(bson_t* to, std::string_view key, bson_t const* document);
void append_null(bson_t* to, std::string_view key);
void append_time(bson_t* to, std::string_view key, Timestamp time);
inline void append(bson_t* to, std::string_view key, char const* text) {
    append(to, key, std::string_view(text));
}
inline void append(bson_t* to, std::string_view key, std::string const& text) {
    append(to, key, std::string_view(text));
}
inline void append(bson_t* to, std::string_view key, int number) {
    append(to, key, static_cast<std::int64_t>(number));
}

/// {key: {...}}: `fill` gets the inner document.
template <class Fill>
void append_document(bson_t* to, std::string_view key, Fill fill) {
    bson_t inner;
    bson_append_document_begin(to, key.data(), static_cast<int>(key.size()), &inner);
    fill(&inner);
    bson_append_document_end(to, &inner);
}
template <class Fill>
void append_array(bson_t* to, std::string_view key, Fill fill) {
    bson_t inner;
    bson_append_array_begin(to, key.data(), static_cast<int>(key.size()), &inner);
    fill(&inner);
    bson_append_array_end(to, &inner);
}

/// "0", "1", ...: the keys of an array.
class ArrayKey {
public:
    std::string_view next() {
        char const* key = nullptr;
        auto const size = bson_uint32_to_string(number_++, &key, buffer_, sizeof buffer_);
        return {key, size};
    }

private:
    std::uint32_t number_ = 0;
    char buffer_[16];
};

/// What an operator may have put there by hand is read as well as JSON can say it: 32-bit integers
/// and decimals as numbers, dates as RFC 3339 text, object ids as hexadecimal text, and kinds that
/// JSON has nothing for as MongoDB's extended JSON.
json::value to_json(bson_iter_t const& at, json::storage_ptr storage);

}  // namespace grover::store::mongo
