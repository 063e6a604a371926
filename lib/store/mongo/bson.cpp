#include "store/mongo/bson.hpp"

#include <charconv>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "base/error.hpp"

namespace grover::store::mongo {

namespace {

int size_of(std::string_view key) {
    if (key.contains('\0')) throw Error(ErrorCode::invalid, "a member's name contains a NUL");
    return static_cast<int>(key.size());
}

void check(bool done) {
    if (!done) throw Error(ErrorCode::too_large, "the document is too large");
}

void append_object(bson_t* to, std::string_view key, json::object const& object) {
    bson_t inner;
    check(bson_append_document_begin(to, key.data(), size_of(key), &inner));
    for (auto const& member : object) mongo::append(&inner, member.key(), member.value());
    check(bson_append_document_end(to, &inner));
}

void append_items(bson_t* to, std::string_view key, json::array const& array) {
    bson_t inner;
    check(bson_append_array_begin(to, key.data(), size_of(key), &inner));
    ArrayKey keys;
    for (auto const& item : array) mongo::append(&inner, keys.next(), item);
    check(bson_append_array_end(to, &inner));
}

json::object to_object(bson_iter_t at, json::storage_ptr const& storage) {
    json::object out(storage);
    while (bson_iter_next(&at))
        out.emplace(std::string_view(bson_iter_key(&at), bson_iter_key_len(&at)),
                    to_json(at, storage));
    return out;
}

json::array to_array(bson_iter_t at, json::storage_ptr const& storage) {
    json::array out(storage);
    while (bson_iter_next(&at)) out.push_back(to_json(at, storage));
    return out;
}

bson_iter_t inside(bson_iter_t const& at) {
    bson_iter_t out;
    if (!bson_iter_recurse(&at, &out)) throw std::runtime_error("a damaged BSON document");
    return out;
}

/// What somebody wrote by hand ("NumberDecimal" in mongosh): whole where it is, as near as a double
/// comes where not.
json::value number_of(std::string_view text, json::storage_ptr const& storage) {
    auto const is_all = [&](auto& number) {
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        return error == std::errc() && end == text.data() + text.size();
    };
    if (std::int64_t whole = 0; is_all(whole)) return json::value(whole, storage);
    if (double number = 0; is_all(number) && std::isfinite(number))
        return json::value(number, storage);
    return json::value(text, storage);
}

/// Of kinds that only mongosh writes: {"$binary": ...} (MongoDB Extended JSON v2). One member of
/// a document must not make it unreadable.
json::value in_extended_json(bson_iter_t const& at, json::storage_ptr const& storage) {
    Bson document;
    check(bson_append_iter(document.raw(), "v", 1, &at));
    std::unique_ptr<char, decltype(&bson_free)> const text(
        bson_as_relaxed_extended_json(document, nullptr), bson_free);
    if (!text) throw std::runtime_error("a damaged BSON document");
    return json::value(json::parse(text.get()).at("v"), storage);
}

}  // namespace

void append(bson_t* to, std::string_view key, std::string_view text) {
    check(bson_append_utf8(to, key.data(), size_of(key), text.data() ? text.data() : "",
                           static_cast<int>(text.size())));
}
void append(bson_t* to, std::string_view key, std::int64_t number) {
    check(bson_append_int64(to, key.data(), size_of(key), number));
}
void append(bson_t* to, std::string_view key, bool value) {
    check(bson_append_bool(to, key.data(), size_of(key), value));
}
void append(bson_t* to, std::string_view key, bson_t const* document) {
    check(bson_append_document(to, key.data(), size_of(key), document));
}
void append_null(bson_t* to, std::string_view key) {
    check(bson_append_null(to, key.data(), size_of(key)));
}
void append_time(bson_t* to, std::string_view key, Timestamp time) {
    check(bson_append_date_time(to, key.data(), size_of(key), time.ms));
}

void append(bson_t* to, std::string_view key, Scalar const& value) {
    if (auto const* whole = std::get_if<std::int64_t>(&value))
        append(to, key, *whole);
    else if (auto const* number = std::get_if<double>(&value))
        check(bson_append_double(to, key.data(), size_of(key), *number));
    else if (auto const* text = std::get_if<std::string_view>(&value))
        append(to, key, *text);
    else if (auto const* flag = std::get_if<bool>(&value))
        append(to, key, *flag);
    else
        append_null(to, key);
}

void append(bson_t* to, std::string_view key, json::value const& value) {
    if (auto const* object = value.if_object())
        append_object(to, key, *object);
    else if (auto const* array = value.if_array())
        append_items(to, key, *array);
    else
        append(to, key, *scalar_of(value));
}

json::value to_json(bson_iter_t const& at, json::storage_ptr storage) {
    switch (bson_iter_type(&at)) {
        case BSON_TYPE_NULL:
        case BSON_TYPE_UNDEFINED:
            return json::value(nullptr, storage);
        case BSON_TYPE_BOOL:
            return json::value(bson_iter_bool(&at), storage);
        case BSON_TYPE_INT32:
        case BSON_TYPE_INT64:
            return json::value(bson_iter_as_int64(&at), storage);
        case BSON_TYPE_DOUBLE:
            return json::value(bson_iter_double(&at), storage);
        case BSON_TYPE_UTF8: {
            std::uint32_t size = 0;
            char const* const text = bson_iter_utf8(&at, &size);
            return json::value(std::string_view(text, size), storage);
        }
        case BSON_TYPE_DATE_TIME:
            return json::value(Timestamp{bson_iter_date_time(&at)}.to_string(), storage);
        case BSON_TYPE_OID: {
            char text[25];
            bson_oid_to_string(bson_iter_oid(&at), text);
            return json::value(std::string_view(text), storage);
        }
        case BSON_TYPE_DOCUMENT:
            return to_object(inside(at), storage);
        case BSON_TYPE_ARRAY:
            return to_array(inside(at), storage);
        case BSON_TYPE_DECIMAL128: {
            bson_decimal128_t number;
            bson_iter_decimal128(&at, &number);
            char text[BSON_DECIMAL128_STRING];
            bson_decimal128_to_string(&number, text);
            return number_of(text, storage);
        }
        default:
            return in_extended_json(at, storage);
    }
}

}  // namespace grover::store::mongo
