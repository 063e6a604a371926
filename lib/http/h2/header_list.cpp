#include "http/h2/header_list.hpp"

#include "base/limits.hpp"
#include "http/h2/field_rules.hpp"

namespace grover::http::h2 {

void HeaderList::clear() noexcept {
    text_.clear();
    entries_.clear();
    list_bytes_ = count_ = lengths_ = 0;
    length_ = {};
}

bool HeaderList::admit(std::string_view name, std::string_view value) noexcept {
    list_bytes_ += name.size() + value.size() + field_overhead_bytes;
    return list_bytes_ <= limits::header_bytes_max && ++count_ <= limits::header_fields_max;
}

HeaderList::Slice HeaderList::keep(std::string_view text) {
    Slice const out{text_.size(), text.size()};
    text_ += text;
    return out;
}

void HeaderList::add(std::string_view name, std::string_view value) {
    Entry const entry{keep(name), keep(value)};
    if (name == "content-length") {
        ++lengths_;
        length_ = entry.value;
    }
    entries_.push_back(entry);
}

void HeaderList::drop_length() {
    std::erase_if(entries_, [&](Entry const& one) { return view(one.name) == "content-length"; });
}

void HeaderList::append_to(std::vector<FieldView>& fields) const {
    for (auto const& entry : entries_) fields.push_back({view(entry.name), view(entry.value)});
}

}  // namespace grover::http::h2
