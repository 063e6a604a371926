#include "http/form.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "http/message.hpp"

namespace grover::http {
namespace {

namespace json = boost::json;

[[noreturn]] void malformed(std::string detail) {
    throw Error(ErrorCode::malformed, "malformed_form", std::move(detail));
}

bool is_token_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

std::string_view trim(std::string_view text) {
    auto const blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

/// A header value as `type; name=token; name="quoted"` (RFC 9110 section 5.6.6). Throws for
/// anything else, and for a parameter that is there twice.
struct Parameters {
    std::string_view type;
    std::vector<std::pair<std::string_view, std::string>> list;

    std::string const* find(std::string_view name) const {
        for (auto const& [key, value] : list)
            if (same_token(key, name)) return &value;
        return nullptr;
    }
};

/// The quoted string at the front of `rest`, which moves past it.
std::string take_quoted(std::string_view& rest) {
    std::string out;
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] == '"') {
            rest.remove_prefix(i + 1);
            return out;
        }
        // Browsers send a backslash as it is and a quote as %22 (WHATWG); older clients escape
        // either with a backslash.
        if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\'))
            ++i;
        out += rest[i];
    }
    malformed("a quoted parameter has no end");
}

Parameters parse_parameters(std::string_view value) {
    Parameters out;
    auto const semicolon = value.find(';');
    out.type = trim(value.substr(0, semicolon));
    auto rest = semicolon == std::string_view::npos ? std::string_view() : value.substr(semicolon);
    while (!rest.empty()) {
        if (rest.front() != ';') malformed("a parameter is not as it must be");
        rest = trim(rest.substr(1));
        if (rest.empty()) break;  // A trailing semicolon is common and harmless.
        auto const equals = rest.find('=');
        auto const name = rest.substr(0, equals);
        if (equals == std::string_view::npos || name.empty() ||
            !std::ranges::all_of(name, is_token_char))
            malformed("a parameter is not as it must be");
        rest.remove_prefix(equals + 1);
        std::string text;
        if (rest.starts_with('"')) {
            text = take_quoted(rest);
        } else {
            auto const end = std::ranges::find_if_not(rest, is_token_char) - rest.begin();
            text = rest.substr(0, static_cast<std::size_t>(end));
            rest.remove_prefix(static_cast<std::size_t>(end));
            if (text.empty()) malformed("a parameter has no value");
        }
        if (out.find(name)) malformed("a parameter is there twice");
        out.list.emplace_back(name, std::move(text));
        rest = trim(rest);
    }
    return out;
}

/// Names and file names as browsers write them: CR, LF and the quote are percent-encoded, nothing
/// else is.
std::string decode_name(std::string text) {
    for (auto const& [code, plain] :
         {std::pair{"%22", '"'}, std::pair{"%0D", '\r'}, std::pair{"%0A", '\n'}})
        for (std::size_t at = 0; (at = text.find(code, at)) != std::string::npos; ++at)
            text.replace(at, 3, 1, plain);
    if (!is_valid_utf8(text) || text.contains('\0')) malformed("a name is not UTF-8 text");
    return text;
}

bool is_boundary(std::string_view text) {
    auto const allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               std::string_view("'()+_,-./:=? ").contains(c);
    };
    return !text.empty() && text.size() <= 70 && text.back() != ' ' &&
           std::ranges::all_of(text, allowed);
}

void read_disposition(FormPart& part, std::string_view value) {
    auto const parameters = parse_parameters(value);
    auto const* name = parameters.find("name");
    if (!same_token(parameters.type, "form-data") || !name)
        malformed("a part must be form-data with a name");
    if (parameters.find("name*") || parameters.find("filename*"))
        malformed("encoded names are not allowed in a form (RFC 7578 section 4.2)");
    part.name = decode_name(*name);
    if (part.name.empty()) malformed("a part must have a name");
    if (auto const* filename = parameters.find("filename")) part.filename = decode_name(*filename);
}

void check_charset(std::string_view content_type) {
    auto const parameters = parse_parameters(content_type);
    auto const* charset = parameters.find("charset");
    if (charset && !same_token(*charset, "utf-8") && !same_token(*charset, "us-ascii"))
        throw Error(ErrorCode::unsupported_media, "the fields of a form must be in UTF-8");
}

/// Takes the header block at the front of `rest`, which moves to the part's content.
FormPart take_headers(std::string_view& rest) {
    FormPart part;
    bool disposed = false;
    std::size_t bytes = 0;
    while (!rest.starts_with("\r\n")) {
        auto const end = rest.find("\r\n");
        if (end == std::string_view::npos) malformed("a part's headers have no end");
        auto const line = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        if ((bytes += line.size()) > limits::form_part_header_bytes_max)
            throw Error(ErrorCode::too_large, "the headers of a part are too long");
        auto const colon = line.find(':');
        auto const name = line.substr(0, colon);
        if (colon == std::string_view::npos || name.empty() ||
            !std::ranges::all_of(name, is_token_char))
            malformed("a part's header is not as it must be");
        auto const value = trim(line.substr(colon + 1));
        auto const control = [](char c) {
            return static_cast<unsigned char>(c) < 0x20 && c != '\t';
        };
        if (std::ranges::any_of(value, control))
            malformed("a part's header has control characters");
        if (same_token(name, "Content-Disposition")) {
            if (std::exchange(disposed, true)) malformed("a part says twice what it is");
            read_disposition(part, value);
        } else if (same_token(name, "Content-Type")) {
            if (!part.content_type.empty()) malformed("a part says twice what it is");
            part.content_type = value;
        } else if (same_token(name, "Content-Transfer-Encoding") && !same_token(value, "binary") &&
                   !same_token(value, "8bit") && !same_token(value, "7bit")) {
            malformed("transfer encodings are not allowed in a form (RFC 7578 section 4.7)");
        }
    }
    if (!disposed) malformed("a part must be form-data with a name");
    rest.remove_prefix(2);
    return part;
}

/// What may follow a boundary on its line; true after the last boundary.
bool take_delimiter_end(std::string_view& rest) {
    bool const last = rest.starts_with("--");
    if (last) rest.remove_prefix(2);
    while (rest.starts_with(' ') || rest.starts_with('\t')) rest.remove_prefix(1);
    if (rest.starts_with("\r\n"))
        rest.remove_prefix(2);
    else if (!last || !rest.empty())
        malformed("a boundary is not alone on its line");
    return last;
}

json::value scalar_of(std::string_view text) {
    boost::system::error_code ec;
    auto value = json::parse({text.data(), text.size()}, ec);
    // What is no number or truth value stays text, and the reader says what it must be.
    if (ec || value.is_object() || value.is_array()) return json::string(text);
    return value;
}

}  // namespace

std::optional<std::string> form_boundary(std::string_view content_type) {
    if (!same_token(trim(content_type.substr(0, content_type.find(';'))), "multipart/form-data"))
        return {};
    auto const parameters = parse_parameters(content_type);
    auto const* boundary = parameters.find("boundary");
    if (!boundary || !is_boundary(*boundary)) malformed("the form has no usable boundary");
    return *boundary;
}

std::vector<FormPart> parse_form(std::string_view body, std::string_view boundary) {
    auto const delimiter = "\r\n--" + std::string(boundary);
    auto const opening = std::string_view(delimiter).substr(2);
    if (!body.starts_with(opening)) malformed("the form does not begin with its boundary");
    auto rest = body.substr(opening.size());
    std::vector<FormPart> parts;
    while (!take_delimiter_end(rest)) {
        if (parts.size() == limits::form_parts_max)
            throw Error(ErrorCode::too_large, "the form has too many parts");
        auto part = take_headers(rest);
        if (rest.starts_with(opening)) malformed("a part has no content");
        auto const end = rest.find(delimiter);
        if (end == std::string_view::npos) malformed("the form has no end");
        part.content = rest.substr(0, end);
        rest.remove_prefix(end + delimiter.size());
        if (!part.filename) {
            check_charset(part.content_type);
            if (!is_valid_utf8(part.content)) malformed("a field is not valid UTF-8");
        }
        parts.push_back(std::move(part));
    }
    if (!rest.empty()) malformed("there is text after the end of the form");
    return parts;
}

std::optional<detail::FormBody> detail::read_form(Extraction& in) {
    auto const boundary = form_boundary(in.request.headers.get("Content-Type"));
    if (!boundary) return {};
    FormBody out;
    for (auto& part : parse_form(in.request.body, *boundary))
        (part.filename ? out.files : out.fields).push_back(std::move(part));
    return out;
}

void detail::read_form_member(json::object& out, std::vector<FormPart> const& fields,
                              std::string_view name, FormKind kind) {
    std::vector<std::string_view> values;
    for (auto const& field : fields)
        if (field.name == name ||
            (kind == FormKind::array && field.name == std::string(name) + "[]"))
            values.push_back(field.content);
    if (values.empty()) return;
    if (kind != FormKind::array && values.size() > 1)
        malformed("the field " + std::string(name) + " is there twice");
    auto const text = values.front();
    if (text.empty() && values.size() == 1) return;  // An input left empty is not there.
    if (kind == FormKind::text) {
        out[name] = text;
    } else if (kind == FormKind::scalar) {
        out[name] = scalar_of(text);
    } else if (kind == FormKind::object || (values.size() == 1 && text.starts_with('['))) {
        out[name] = reflect::parse(text);
    } else {
        json::array items;
        for (auto const& value : values) items.emplace_back(value);
        out[name] = std::move(items);
    }
}

}  // namespace grover::http
