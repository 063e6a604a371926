// Bodies that browsers' forms send: multipart/form-data (RFC 7578 on RFC 2046), beside JSON.
//
//     Task<Created<Post>> create(auth::Caller caller, Form<CreatePost> form, service::Unit unit);
//
// Form<T> reads T from either media type, with the same rules and the same 422s: a text field
// becomes the member of its name. Fields of an array member repeat ("poll_options", also spelled
// "poll_options[]") or hold one JSON array; a number or a truth value is read from its text. Parts
// with a file name are handed to the handler as files.
//
// The parser is strict, because what parsers understand differently is how filters are passed: no
// text before the first boundary or after the last, CRLF line ends only, one Content-Disposition a
// part, no transfer encodings, text in UTF-8. Deliberately absent: nested multipart/mixed, which
// RFC 7578 abolished.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "http/extract.hpp"
#include "reflect/codec.hpp"

namespace grover::http {

struct FormPart {
    std::string name;
    std::optional<std::string> filename;  // there for files, even when the client sent it empty
    std::string content_type;             // empty when the part names none
    std::string_view content;             // into the body
};

/// The boundary parameter of a multipart/form-data Content-Type; nothing for another media type.
/// Throws Error (malformed) when the parameter is absent or not one (RFC 2046 section 5.1.1).
std::optional<std::string> form_boundary(std::string_view content_type);

/// The parts of `body`, which must outlive them. Throws Error: malformed, unsupported_media (a
/// charset other than UTF-8), too_large (limits::form_*). Cost: one pass.
std::vector<FormPart> parse_form(std::string_view body, std::string_view boundary);

/// A JSON or multipart/form-data body as T, and the files that came with it (views into the
/// request's body: valid while the handler runs).
template <reflect::Described T>
struct Form {
    T value;
    std::vector<FormPart> files;
};

namespace detail {

enum class FormKind { text, scalar, array, object };

/// How a member's text fields become JSON.
template <class T>
constexpr FormKind form_kind() {
    if constexpr (reflect::is_optional<T>)
        return form_kind<typename T::value_type>();
    else if constexpr (std::is_arithmetic_v<T>)
        return FormKind::scalar;
    else if constexpr (requires { typename T::mapped_type; } || reflect::Described<T>)
        return FormKind::object;
    else if constexpr (requires(T value) { value.emplace_back(); } && !std::same_as<T, std::string>)
        return FormKind::array;
    else
        return FormKind::text;
}

/// Adds the member `name` to `out` from the text fields of that name; nothing when there is none.
void read_form_member(boost::json::object& out, std::vector<FormPart> const& fields,
                      std::string_view name, FormKind kind);
/// Splits the request's form into text fields and files; nothing when the body is not a form.
struct FormBody {
    std::vector<FormPart> fields;
    std::vector<FormPart> files;
};
std::optional<FormBody> read_form(Extraction& in);

}  // namespace detail

template <reflect::Described T>
struct Extract<Form<T>> {
    static Form<T> from(Extraction& in) {
        auto body = detail::read_form(in);
        if (!body) return {Extract<T>::from(in), {}};
        boost::json::object object;
        boost::mp11::mp_for_each<reflect::members_of<T>>([&](auto d) {
            using Member = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
            detail::read_form_member(object, body->fields, reflect::wire_name(d.name),
                                     detail::form_kind<Member>());
        });
        return {reflect::read<T>(boost::json::value(std::move(object)), in.issues),
                std::move(body->files)};
    }
    static void describe(Operation& op) {
        auto const schema = reflect::Codec<T>::schema(op.schemas());
        op.body(schema, true);
        op.body(schema, true, "multipart/form-data");
    }
};

}  // namespace grover::http
