// Documents as described structs: what services use.
//
//     struct Post {
//         PostId post_id;
//         UserId user_id;
//         std::string content;
//         std::int64_t likes_count = 0;
//     };
//     BOOST_DESCRIBE_STRUCT(Post, (), (post_id, user_id, content, likes_count))
//
//     store::Collection<Post> posts(store, "posts");
//     auto found = co_await posts.find(id);                              // optional<Stored<Post>>
//     auto page = co_await posts.list({.filter = where<&Post::user_id>.in(authors),
//                                      .order = {descending<&Post::post_id>()},
//                                      .limit = 20});
//     store::Batch batch;
//     posts.insert(batch, post);
//     posts.patch(batch, id).set<&Post::content>(text).inc<&Post::likes_count>(1);
//     auto done = co_await store.commit(std::move(batch));
//
// Field names and value types come from the members, so a wrong one does not compile. The first
// described member is the document's id: it is stored as "_id" and only there; every other member
// keeps its own name. An empty optional is not stored.
#pragma once

#include <map>
#include <ranges>
#include <stdexcept>
#include <type_traits>

#include "base/limits.hpp"
#include "reflect/codec.hpp"
#include "store/document_store.hpp"

namespace grover::store {

// ---- Members and their stored form --------------------------------------------------------------

namespace detail {

template <class T>
using IdDescriptor = boost::mp11::mp_first<reflect::members_of<T>>;

template <class T>
struct OptionalValue {
    using type = T;
};
template <class T>
struct OptionalValue<std::optional<T>> {
    using type = T;
};
template <auto Member>
using ValueOf = typename OptionalValue<reflect::member_of<Member>>::type;

template <class T>
bool is_id(std::string_view member) {
    return member == reflect::wire_name(IdDescriptor<T>::name);
}

template <auto Member>
std::string field_name() {
    auto const name = reflect::member_name<Member>();
    return is_id<reflect::class_of<Member>>(name) ? "_id" : std::string(name);
}

/// As reflect::to_value, without the way through text for what is no structure.
template <class V>
json::value field_value(V const& value) {
    if constexpr (std::is_arithmetic_v<V>)
        return json::value(value);
    else if constexpr (std::convertible_to<V const&, std::string_view>)
        return json::value(std::string_view(value));
    else if constexpr (requires { std::string_view(value.str()); })
        return json::value(std::string_view(value.str()));
    else if constexpr (reflect::DescribedEnum<V>)
        return json::value(reflect::name_of(value));
    else if constexpr (std::same_as<V, Timestamp>)
        return json::value(value.to_string());
    else if constexpr (reflect::is_optional<V>)
        return value ? field_value(*value) : json::value();
    else
        return reflect::to_value(value);
}

}  // namespace detail

// ---- Filters and orders -------------------------------------------------------------------------

/// Conditions on T's members; all of them hold together.
template <class T>
class Where {
public:
    Where() = default;
    explicit Where(Condition condition) { filter_.push_back(std::move(condition)); }

    friend Where operator&&(Where a, Where b) {
        std::ranges::move(b.filter_, std::back_inserter(a.filter_));
        return a;
    }
    Filter const& filter() const& noexcept { return filter_; }
    Filter filter() && noexcept { return std::move(filter_); }

private:
    Filter filter_;
};

/// where<&Post::user_id>(id), where<&Post::user_id>.in(ids), where<&Post::created_at>.less(time).
template <auto Member>
struct WhereMember {
    using T = reflect::class_of<Member>;
    using Value = detail::ValueOf<Member>;

    Where<T> operator()(Value const& value) const { return make(Condition::Op::equal, value); }
    Where<T> less(Value const& value) const { return make(Condition::Op::less, value); }
    Where<T> less_equal(Value const& value) const { return make(Condition::Op::less_equal, value); }
    Where<T> greater(Value const& value) const { return make(Condition::Op::greater, value); }
    Where<T> greater_equal(Value const& value) const {
        return make(Condition::Op::greater_equal, value);
    }
    /// No value is stored.
    Where<T> missing() const
        requires reflect::is_optional<reflect::member_of<Member>>
    {
        return Where<T>({detail::field_name<Member>(), Condition::Op::equal, nullptr});
    }
    template <std::ranges::range Values>
        requires std::same_as<std::ranges::range_value_t<Values>, Value>
    Where<T> in(Values const& values) const {
        json::array array;
        if constexpr (std::ranges::sized_range<Values>) array.reserve(std::ranges::size(values));
        for (auto const& value : values) array.push_back(detail::field_value(value));
        return Where<T>({detail::field_name<Member>(), Condition::Op::in, std::move(array)});
    }

private:
    static Where<T> make(Condition::Op op, Value const& value) {
        return Where<T>({detail::field_name<Member>(), op, detail::field_value(value)});
    }
};
template <auto Member>
inline constexpr WhereMember<Member> where{};

template <class T>
struct OrderBy {
    Order order;
};
template <auto Member>
OrderBy<reflect::class_of<Member>> ascending() {
    return {{detail::field_name<Member>(), false}};
}
template <auto Member>
OrderBy<reflect::class_of<Member>> descending() {
    return {{detail::field_name<Member>(), true}};
}

/// A Query for T's; the same rules.
template <class T>
struct Select {
    Where<T> filter = {};
    std::vector<OrderBy<T>> order = {};
    std::size_t limit = limits::page_items_default;
    std::size_t skip = 0;
    /// position() of the last item seen.
    std::vector<json::value> after = {};
    bool may_lag = false;
};

// ---- Patches ------------------------------------------------------------------------------------

/// Adds to a Patch that is in the batch already; lives no longer than the batch.
template <class T>
class PatchBuilder {
public:
    PatchBuilder(Batch& batch, std::string_view collection, std::string_view id)
        : batch_(batch), at_(batch.writes.size()) {
        batch.add(Patch{.collection = std::string(collection), .id = std::string(id)});
    }

    /// An empty optional removes the value.
    template <auto Member>
    PatchBuilder& set(reflect::member_of<Member> const& value) {
        patch().set[name<Member>()] = detail::field_value(value);
        return *this;
    }
    /// Sets the members in which `after` is not as `before`; the id is left alone.
    PatchBuilder& set_differences(T const& before, T const& after) {
        boost::mp11::mp_for_each<reflect::members_of<T>>([&](auto d) {
            auto const name = reflect::wire_name(d.name);
            auto value = detail::field_value(after.*d.pointer);
            if (!detail::is_id<T>(name) && value != detail::field_value(before.*d.pointer))
                patch().set[name] = std::move(value);
        });
        return *this;
    }
    template <auto Member>
        requires std::integral<detail::ValueOf<Member>>
    PatchBuilder& inc(std::int64_t by = 1) {
        patch().inc.emplace_back(name<Member>(), by);
        return *this;
    }
    /// Of one entry of a map of counters; `key` has no dot.
    template <auto Member>
        requires std::same_as<reflect::member_of<Member>, std::map<std::string, std::int64_t>>
    PatchBuilder& inc(std::string_view key, std::int64_t by = 1) {
        if (key.empty() || key.contains('.')) throw std::logic_error("not a key of counters");
        patch().inc.emplace_back(name<Member>() + "." + std::string(key), by);
        return *this;
    }
    /// Equalities; else the batch is rejected (condition).
    PatchBuilder& only_if(Where<T> where) {
        patch().only_if = std::move(where).filter();
        return *this;
    }
    PatchBuilder& if_version(std::int64_t version) {
        patch().if_version = version;
        return *this;
    }
    /// Of the document, where it is known: Patch::shard.
    PatchBuilder& shard(std::string_view value) {
        patch().shard = value;
        return *this;
    }
    PatchBuilder& ignore_missing() {
        patch().ignore_missing = true;
        return *this;
    }

private:
    template <auto Member>
    static std::string name() {
        static_assert(std::same_as<reflect::class_of<Member>, T>, "a member of the patched type");
        return detail::field_name<Member>();
    }
    Patch& patch() { return std::get<Patch>(batch_.writes[at_]); }

    Batch& batch_;
    std::size_t at_;
};

// ---- Collection ---------------------------------------------------------------------------------

/// A value as stored; version grows by one with every write to it.
template <class T>
struct Stored {
    T value;
    std::int64_t version = 0;

    T const* operator->() const noexcept { return &value; }
    T const& operator*() const noexcept { return value; }
};

/// Copyable; must not outlive the store. Thread-safe as the store is.
template <reflect::Described T>
class Collection {
public:
    using Id = std::remove_cvref_t<decltype(std::declval<T>().*detail::IdDescriptor<T>::pointer)>;

    Collection(DocumentStore& store, std::string_view name) : store_(&store), name_(name) {}

    std::string const& name() const noexcept { return name_; }

    // Reads. Each throws what the store throws, and std::runtime_error for a document that does not
    // fit T.

    Task<std::optional<Stored<T>>> find(Id id) const {
        auto document = co_await store_->get(name_, text_of(id));
        if (!document) co_return std::nullopt;
        co_return decode(*std::move(document));
    }
    /// In the order of `ids`.
    Task<std::vector<std::optional<Stored<T>>>> find_many(std::vector<Id> ids) const {
        std::vector<std::string> texts;
        texts.reserve(ids.size());
        for (auto const& id : ids) texts.emplace_back(text_of(id));
        auto documents = co_await store_->get_many(name_, texts);
        std::vector<std::optional<Stored<T>>> out;
        out.reserve(documents.size());
        for (auto& document : documents) {
            out.emplace_back();
            if (document) out.back() = decode(*std::move(document));
        }
        co_return out;
    }
    Task<std::vector<Stored<T>>> list(Select<T> select) const {
        Query query{.collection = name_,
                    .filter = std::move(select.filter).filter(),
                    .limit = select.limit,
                    .skip = select.skip,
                    .after = std::move(select.after),
                    .may_lag = select.may_lag};
        for (auto& entry : select.order) query.order.push_back(std::move(entry.order));
        co_return decode_all(co_await store_->find(std::move(query)));
    }
    /// The first of list(), if any.
    Task<std::optional<Stored<T>>> first(Where<T> filter,
                                         std::vector<OrderBy<T>> order = {}) const {
        auto found =
            co_await list({.filter = std::move(filter), .order = std::move(order), .limit = 1});
        if (found.empty()) co_return std::nullopt;
        co_return std::move(found.front());
    }
    Task<std::int64_t> count(Where<T> filter) const {
        co_return co_await store_->count(name_, std::move(filter).filter());
    }
    /// `search.collection` is set here.
    Task<std::vector<Stored<T>>> search(Search search, Where<T> filter = {}) const {
        search.collection = name_;
        std::ranges::move(std::move(filter).filter(), std::back_inserter(search.filter));
        co_return decode_all(co_await store_->search(std::move(search)));
    }

    // Writes: added to a batch, which the caller commits.

    void insert(Batch& batch, T const& value) const { batch.add(Insert{name_, encode(value)}); }
    void replace(Batch& batch, T const& value, std::optional<std::int64_t> if_version = {}) const {
        batch.add(Replace{name_, encode(value), if_version});
    }
    void upsert(Batch& batch, T const& value) const { batch.add(Upsert{name_, encode(value)}); }
    PatchBuilder<T> patch(Batch& batch, Id const& id) const { return {batch, name_, text_of(id)}; }

    struct RemoveOptions {
        Where<T> only_if = {};  // equalities
        bool ignore_missing = false;
        std::optional<std::int64_t> if_version = {};
        std::string shard = {};  // Patch::shard
    };
    void remove(Batch& batch, Id const& id) const { remove(batch, id, {}); }
    void remove(Batch& batch, Id const& id, RemoveOptions options) const {
        batch.add(Remove{.collection = name_,
                         .id = std::string(text_of(id)),
                         .only_if = std::move(options.only_if).filter(),
                         .ignore_missing = options.ignore_missing,
                         .if_version = options.if_version,
                         .shard = std::move(options.shard)});
    }
    void remove_all(Batch& batch, Where<T> filter) const {
        batch.add(RemoveAll{name_, std::move(filter).filter()});
    }

    // The stored form, for those who make documents or cursors themselves.

    static json::object encode(T const& value) {
        json::object body;
        boost::mp11::mp_for_each<reflect::members_of<T>>([&](auto d) {
            auto const name = reflect::wire_name(d.name);
            auto member = detail::field_value(value.*d.pointer);
            if (!member.is_null())
                body.emplace(detail::is_id<T>(name) ? "_id" : name, std::move(member));
        });
        return body;
    }
    Stored<T> decode(Document document) const {
        json::value const body(std::move(document.body));
        reflect::Issues issues;
        Stored<T> out{reflect::read<T>(body, issues, reflect::Reading::stored), document.version};
        reflect::Codec<Id>::read(body.at("_id"), out.value.*detail::IdDescriptor<T>::pointer, {},
                                 issues, reflect::Reading::stored);
        if (!issues.empty())
            throw std::runtime_error(
                "a document of \"" + name_ + "\" does not fit: " + issues.list()[0].pointer + " " +
                issues.list()[0].message + ", in " + json::serialize(body.at("_id")));
        return out;
    }
    /// Where `value` stands in `order`: the cursor after it.
    static std::vector<json::value> position(std::vector<OrderBy<T>> const& order, T const& value) {
        auto const body = encode(value);
        std::vector<json::value> out;
        for (auto const& entry : order) {
            auto const* member = body.if_contains(entry.order.field);
            out.push_back(member ? *member : json::value());
            if (entry.order.field == "_id") return out;
        }
        out.push_back(body.at("_id"));
        return out;
    }

private:
    static std::string_view text_of(Id const& id) {
        if constexpr (requires { std::string_view(id.str()); })
            return id.str();
        else
            return id;
    }
    std::vector<Stored<T>> decode_all(std::vector<Document> documents) const {
        std::vector<Stored<T>> out;
        out.reserve(documents.size());
        for (auto& document : documents) out.push_back(decode(std::move(document)));
        return out;
    }

    DocumentStore* store_;
    std::string name_;
};

}  // namespace grover::store
